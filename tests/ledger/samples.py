"""Keys, clocks and trees for tests of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.evidence.note import NoteKey
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.disk import Disk
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.tiles import TileReader, TileWriter

ORIGIN = "platform.example/ledger"
FIRST, SECOND, THIRD = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2, 3))


def key_of(private: Ed25519PrivateKey) -> NoteKey:
    """Return the log's public key."""
    return NoteKey(ORIGIN, private.public_key())


@dataclass
class Clock:
    """A clock that stands until it is set; epoch seconds."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def tree_of(folder: Path, entries: Sequence[bytes]) -> TiledTree:
    """Write entries as tiles, and return the tree that is read from them."""
    writer = TileWriter(folder, disk=Disk())
    writer.extend(entries, [leaf_hash(entry) for entry in entries])
    return TiledTree(TileReader(folder, size=len(entries)), len(entries))
