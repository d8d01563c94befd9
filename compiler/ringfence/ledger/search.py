"""Find records in the pass that verifies a ledger, so that what is found is what was verified."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, read_record
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.fsck import FsckResult
from ringfence.ledger.tiles import bundle_entries
from ringfence.ledger.trust import LedgerTrust

__all__ = ["Placed", "search"]

_MANY: Final = 64
"""Texts, beyond which a record is read in less time than it is searched."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and its position in the log."""

    position: int
    record: Record

    @property
    def leaf(self) -> bytes:
        """Return the leaf hash."""
        return leaf_hash(self.record.data)


def search(
    folder: Path,
    *,
    trust: LedgerTrust,
    naming: Iterable[str],
    wanted: Callable[[int, Record, dict[str, Any]], bool],
) -> tuple[FsckResult, tuple[Placed, ...]]:
    """Verify a ledger, and return the records that are wanted, in their order.

    Only records that hold one of the texts `naming` as a whole JSON string are asked about; where there
    are so many that looking for each costs more than reading, all are. The index is not read, so nothing
    is missed for its sake. Raise VerifyError.
    """
    needles = tuple(needle for text in naming if (needle := _needle(text)))
    found: list[Placed] = []

    def may_name(data: bytes) -> bool:
        return len(needles) > _MANY or any(needle in data for needle in needles)

    def each(start: int, bundle: bytes, width: int) -> None:
        if not may_name(bundle):
            return
        for position, entry in enumerate(bundle_entries(bundle)[:width], start=start):
            if may_name(entry):
                record = read_record(entry)
                if wanted(position, record, record.body):
                    found.append(Placed(position, record))

    result = trust.fsck(folder, each=each)
    return result, tuple(found)


def _needle(text: str) -> bytes:
    """Return the text as a JSON string of RFC 8785, or nothing where no record can hold it."""
    try:
        return canonical_bytes(text)
    except EvidenceError:
        return b""
