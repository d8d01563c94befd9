"""What a verifier brings with it: a log's key, its witnesses, and what it has seen before."""

from dataclasses import dataclass
from pathlib import Path

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.note import NoteKey
from ringfence.ledger.fsck import FsckResult, fsck
from ringfence.ledger.quorum import Quorum
from ringfence.ledger.walk import EachBundle

__all__ = ["LedgerTrust"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTrust:
    """Trust in a log, none of which comes from the ledger or the package itself.

    `now` is in epoch seconds, `max_age` in seconds.
    """

    key: NoteKey
    quorum: Quorum | None = None
    pinned: tuple[Checkpoint, ...] = ()
    now: int | None = None
    max_age: int | None = None

    def fsck(self, folder: Path, *, each: EachBundle | None = None) -> FsckResult:
        """Verify what a ledger publishes, as `fsck` does; raise VerifyError."""
        return fsck(
            folder,
            trusted=self.key,
            quorum=self.quorum,
            now=self.now,
            max_age=self.max_age,
            pinned=self.pinned,
            each=each,
        )
