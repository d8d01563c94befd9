"""Facts about attacks on a whole ledger, under what each verifier trusts.

The columns are the log's signature alone; with a checkpoint of 400 that was seen before; with one witness
that others run; and with that witness's cosignature at most a minute old. An empty code is an attack that
this verifier cannot see.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey, sign_note
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.disk import Disk
from ringfence.ledger.fsck import fsck
from ringfence.ledger.key_event import start_record
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.tiles import TileReader, TileWriter
from ringfence.ledger.witness import Witness
from ringfence.ledger.witnessing import RemoteWitness

NOW = 1_800_000_000
WITNESS = WitnessKey("witness.example", SECOND.public_key())
QUORUM = Quorum(witnesses=(TrustedWitness(WITNESS, "them"),), threshold=1, log_operator="us")
ENTRIES = [start_record(origin=ORIGIN, key=FIRST).data] + [decision(n).data for n in range(499)]
REWRITTEN = [decision(n, action="allow").data for n in range(500)]


def _write(folder: Path, entries: Sequence[bytes]) -> TiledTree:
    writer = TileWriter(folder, disk=Disk())
    writer.extend(entries, [leaf_hash(entry) for entry in entries])
    return TiledTree(TileReader(folder, size=len(entries)), len(entries))


def _point(tree: TiledTree) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root())


@dataclass
class _World:
    """The sound ledger of 500, whose 400 were pinned, and 450 and 500 cosigned, and its witness."""

    folder: Path

    def __post_init__(self) -> None:
        self.clock = Clock(now=NOW - 3600)
        self.witness = Witness(
            self.folder / "witness",
            name=WITNESS.name,
            key=SECOND,
            logs={ORIGIN: (key_of(FIRST),)},
            clock=self.clock,
        )
        self.tree = _write(self.folder / "sound", ENTRIES)
        self.pinned = _point(self.tree.at(400))
        self.at_450 = self.signed(self.tree.at(450), cosigned=True)
        self.clock.now = NOW
        self.at_500 = self.signed(self.tree, cosigned=True)

    def signed(
        self, tree: TiledTree, *, key: Ed25519PrivateKey = FIRST, cosigned: bool = False
    ) -> bytes:
        """Sign a tree, and have the witness cosign it, or try to."""
        note = sign_note(_point(tree).text(), name=ORIGIN, key=key)
        if cosigned:
            try:
                remote = RemoteWitness(WITNESS, self.witness.add_checkpoint)
                note += remote.cosign(note, tree=tree, kept=1 << 40)
            except EvidenceError:
                pass  # the witness refuses, as it must
        return note

    def forged(self, entries: Sequence[bytes], **given: Any) -> bytes:
        """Publish other entries with a checkpoint of their own."""
        shutil.rmtree(self.folder / "sound/tile")
        return self.signed(_write(self.folder / "sound", entries), **given)


@pytest.fixture
def world(tmp_path: Path) -> _World:
    """Make a sound ledger, for a test to attack."""
    return _World(tmp_path)


def _replace(world: _World, entries: Sequence[bytes]) -> bytes:
    """Change the bundles only, and keep the sound checkpoint."""
    shutil.rmtree(world.folder / "sound/tile/entries")
    other = world.folder / "other"
    _write(other, entries)
    shutil.copytree(other / "tile/entries", world.folder / "sound/tile/entries")
    return world.at_500


def _roll_back(world: _World, size: int, note: bytes = b"") -> bytes:
    """Put the folder back to its first entries, under a checkpoint that the log has signed."""
    note = note or world.signed(world.tree.at(size), cosigned=True)
    shutil.rmtree(world.folder / "sound/tile")
    _write(world.folder / "sound", ENTRIES[:size])
    return note


Attack = Callable[[_World], bytes]
ALL: dict[str, tuple[Attack, tuple[str, str, str, str]]] = {
    "nothing": (lambda w: w.at_500, ("", "", "", "")),
    "alter": (lambda w: _replace(w, [*ENTRIES[:7], REWRITTEN[7], *ENTRIES[8:]]), ("RF926",) * 4),
    "drop the first": (lambda w: _replace(w, ENTRIES[1:]), ("RF931",) * 4),
    "drop one": (lambda w: _replace(w, [*ENTRIES[:7], *ENTRIES[8:]]), ("RF931",) * 4),
    "drop the last": (lambda w: _replace(w, ENTRIES[:-1]), ("RF931",) * 4),
    "insert": (
        lambda w: _replace(w, [*ENTRIES[:7], REWRITTEN[7], *ENTRIES[7:499]]),
        ("RF926",) * 4,
    ),
    "swap two": (
        lambda w: _replace(w, [*ENTRIES[:7], ENTRIES[8], ENTRIES[7], *ENTRIES[9:]]),
        ("RF932",) * 4,
    ),
    "sign as another": (lambda w: w.forged(ENTRIES, key=THIRD), ("RF922",) * 4),
    "roll back below the pin": (
        lambda w: _roll_back(w, 300),
        ("", "RF943", "RF952", "RF952"),
    ),
    "roll back above the pin": (
        lambda w: _roll_back(w, 420),
        ("", "", "RF952", "RF952"),
    ),
    "roll back to what was cosigned": (
        lambda w: _roll_back(w, 450, w.at_450),
        ("", "", "", "RF955"),
    ),
    "steal the key and rewrite all": (
        lambda w: w.forged([ENTRIES[0], *REWRITTEN[:499]], cosigned=True),
        ("", "RF944", "RF952", "RF952"),
    ),
    "rewrite after the pin, same size": (
        lambda w: w.forged([*ENTRIES[:420], *REWRITTEN[:80]], cosigned=True),
        ("", "", "RF952", "RF952"),
    ),
    "rewrite after the pin, larger": (
        lambda w: w.forged([*ENTRIES[:420], *REWRITTEN[:200]], cosigned=True),
        ("", "", "RF952", "RF952"),
    ),
    "rewrite what no witness has seen": (
        lambda w: w.forged([*ENTRIES, *REWRITTEN[:50]], cosigned=True),
        ("", "", "", ""),
    ),
}
TRUST: tuple[Callable[[_World], dict[str, Any]], ...] = (
    lambda w: {},
    lambda w: {"pinned": [w.pinned]},
    lambda w: {"quorum": QUORUM, "now": NOW + 30},
    lambda w: {"quorum": QUORUM, "now": NOW + 30, "max_age": 60},
)


@pytest.mark.parametrize("trust", range(4), ids=["signature", "pin", "witness", "fresh"])
@pytest.mark.parametrize("name", ALL)
def test_an_attack_is_found_by_who_can_see_it(world: _World, name: str, trust: int) -> None:
    """Each verifier refuses what it has the means to see, with the attack's code, and nothing else."""
    attack, codes = ALL[name]
    (world.folder / "sound/checkpoint").write_bytes(attack(world))
    code, given = codes[trust], TRUST[trust](world)
    if code:
        with pytest.raises(VerifyError, match=code):
            fsck(world.folder / "sound", trusted=key_of(FIRST), **given)
    else:
        shown = fsck(world.folder / "sound", trusted=key_of(FIRST), **given)
        assert bool(shown.not_shown)
    world.witness.close()


def test_the_same_key_under_another_origin_is_refused(world: _World) -> None:
    """One who trusts the key for another log does not accept this one."""
    (world.folder / "sound/checkpoint").write_bytes(world.at_500)
    other = NoteKey("other.example/log", FIRST.public_key())
    with pytest.raises(VerifyError, match="RF924"):
        fsck(world.folder / "sound", trusted=other)
    world.witness.close()


def test_two_bundles_swapped_are_found(tmp_path: Path) -> None:
    """Full bundles in each other's place are RF932."""
    world = _World(tmp_path)
    folder = tmp_path / "sound"
    _write(folder, [*ENTRIES, *REWRITTEN[:100]])
    (folder / "checkpoint").write_bytes(world.signed(_write(folder, [*ENTRIES, *REWRITTEN[:100]])))
    fsck(folder, trusted=key_of(FIRST))
    one, two = folder / "tile/entries/000", folder / "tile/entries/001"
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    with pytest.raises(VerifyError, match="RF932"):
        fsck(folder, trusted=key_of(FIRST))
    world.witness.close()
