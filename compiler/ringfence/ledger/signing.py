"""Sign checkpoints: by every key that is valid at the tree's size, and never a smaller or forked tree."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteKey, NoteSigner, sign_note
from ringfence.ledger.key_event import KeyHistory
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.signed_state import SignedState, require_growth

__all__ = ["CheckpointPolicy", "sign_checkpoint", "sign_text", "signer_of", "signers_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointPolicy:
    """How often a checkpoint is due: after so many records, or so many seconds, what comes first."""

    records: int = 1000
    seconds: float = 1.0

    def due(self, *, pending: int, waited: float) -> bool:
        """Tell whether one is due; `waited` is how long the oldest pending record waits, in seconds."""
        return pending >= self.records or (pending > 0 and waited >= self.seconds)


def sign_checkpoint(
    tree: TiledTree, *, history: KeyHistory, keys: Sequence[NoteSigner], state: SignedState
) -> bytes:
    """Return the signed note of the tree, after its size and root are kept durably.

    Raise EvidenceError where the tree is smaller than or departs from what was signed before, and where
    a private key is missing.
    """
    signers_at(tree.size, history=history, keys=keys)
    origin = history.newest.key.name
    for before in state.read():
        require_growth(tree, before=before, origin=origin)
    checkpoint = Checkpoint(origin=origin, size=tree.size, root=tree.root())
    state.write(checkpoint)
    return sign_text(checkpoint.text(), size=tree.size, history=history, keys=keys)


def sign_text(text: bytes, *, size: int, history: KeyHistory, keys: Sequence[NoteSigner]) -> bytes:
    """Return a checkpoint's text with the signatures that it needs at this size."""
    origin, signers = history.newest.key.name, signers_at(size, history=history, keys=keys)
    first, *others = [sign_note(text, name=origin, key=signer) for signer in signers]
    return first + b"".join(note[len(text) + 1 :] for note in others)


def signers_at(
    size: int, *, history: KeyHistory, keys: Sequence[NoteSigner]
) -> tuple[NoteSigner, ...]:
    """Return the private keys that sign a tree of this size; raise EvidenceError (RF950)."""
    return tuple(signer_of(key, keys=keys) for key in history.at(size))


def signer_of(key: NoteKey, *, keys: Sequence[NoteSigner]) -> NoteSigner:
    """Return the private key of a log key; raise EvidenceError (RF950)."""
    for signer in keys:
        if signer.public_key() == key.key:
            return signer
    raise EvidenceError("RF950", f"no private key for `{key.keyid}`")
