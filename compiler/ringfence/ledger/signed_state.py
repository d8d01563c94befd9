"""What the log has signed last, kept durably, so that it never signs a smaller or another tree."""

from collections.abc import Sequence
from pathlib import Path

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.ledger.disk import Disk, reported
from ringfence.ledger.proofs import TiledTree

__all__ = ["SignedState", "require_growth"]


class SignedState:
    """Copies of the last size and root that were, or were about to be, signed.

    One copy stands in the ledger's folder. Another, on another disk or host, outlives the restoring of
    an old backup of that folder.
    """

    def __init__(self, paths: Sequence[Path], *, disk: Disk) -> None:
        self._paths, self._disk = tuple(paths), disk

    def read(self) -> tuple[Checkpoint, ...]:
        """Return what the copies say; raise EvidenceError where one is there and unreadable."""
        found = []
        for path in self._paths:
            if not path.exists():
                continue
            try:
                with reported("read what was signed"):
                    found.append(Checkpoint.parse(path.read_bytes()))
            except VerifyError:
                raise EvidenceError(
                    "RF943",
                    f"`{path.name}` no longer says what was signed",
                    help="restore it; without it nothing shows that the ledger is the newest",
                ) from None
        return tuple(found)

    def write(self, checkpoint: Checkpoint) -> None:
        """Keep size and root in every copy, durably, before they are signed."""
        with reported("keep what is about to be signed"):
            self._disk.replace({path: checkpoint.text() for path in self._paths})


def require_growth(tree: TiledTree, *, before: Checkpoint, origin: str) -> None:
    """Raise EvidenceError unless the tree holds what was signed before (RF943, RF944, RF947)."""
    if before.origin != origin:
        raise EvidenceError(
            "RF947", f"the ledger is not `{before.origin}`, which was signed before"
        )
    if before.size > tree.size:
        raise EvidenceError(
            "RF943", f"{before.size} records were signed, and only {tree.size} are here"
        )
    if tree.root(before.size) != before.root:
        raise EvidenceError(
            "RF944", f"the first {before.size} records are not those that were signed"
        )
