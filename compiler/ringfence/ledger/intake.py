"""Records to entries: what is new is made durable, and then indexed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.records import Record, RecordKind, read_record
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.about import INDEX
from ringfence.ledger.admission import admit
from ringfence.ledger.index import LedgerIndex
from ringfence.ledger.key_event import KeyHistory
from ringfence.ledger.log import EntryLog
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.subject import Subject

__all__ = ["Appended", "Intake"]

_CHUNK: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Where each record of a delivery stands, and how many were duplicates or conflicts.

    `added` counts what is new; of the conflicts, `unrecorded` were over the limit, and only count.
    """

    positions: tuple[int, ...]
    added: int
    duplicates: int
    conflicts: int
    unrecorded: int


class Intake:
    """The log and its index, which says no more and no less."""

    def __init__(self, folder: Path, *, log: EntryLog, limit: MinuteLimit) -> None:
        """Open the index; one of another log, or ahead of this one, is built anew."""
        self.log, self.index = log, LedgerIndex(folder / INDEX)
        self._limit = limit
        try:
            size, tree = self.index.size, log.tree()
            if size > log.size or (size and tree.leaf(size - 1) != self.index.leaf):
                self.index.clear()
            self._catch_up()
        except BaseException:
            self.index.close()
            raise

    def append(self, records: Sequence[Record], *, now: float) -> Appended:
        """Append what is new of a delivery, whole or not at all; raise EvidenceError."""
        self._catch_up()
        found = admit(records, index=self.index, limit=self._limit, now=now)
        if found.entries:
            self.log.append(found.entries, found.leaves)
            self.index.add(found.subjects, found.leaves)
        return Appended(
            positions=tuple(found.positions),
            added=len(found.entries),
            duplicates=found.duplicates,
            conflicts=found.conflicts,
            unrecorded=found.unrecorded,
        )

    def append_own(self, record: Record) -> None:
        """Append a record that the ledger makes itself."""
        self._catch_up()
        leaf = leaf_hash(record.data)
        self.log.append([record.data], [leaf])
        self.index.add([Subject.of(record)], [leaf])

    def read(self, position: int) -> Record:
        """Return the record at a position; raise IndexError where there is none."""
        if not 0 <= position < self.log.size:
            raise IndexError(position)
        return read_record(next(self.log.entries(position)))

    def holds_decision(self, decision_id: str, *, same: Mapping[str, Any]) -> bool:
        """Tell whether any principal has delivered a decision of this id with these members."""
        self._catch_up()
        found = (self.read(position).body for position in self.index.decisions(decision_id))
        return any(all(body.get(name) == one for name, one in same.items()) for body in found)

    def key_history(self) -> KeyHistory:
        """Follow the log's key events; raise VerifyError (RF948)."""
        positions = self.index.kind(RecordKind.KEY_EVENT.value)
        return KeyHistory.of((position, self.read(position).body) for position in positions)

    def close(self) -> None:
        """Close log and index."""
        self.log.close()
        self.index.close()

    def _catch_up(self) -> None:
        """Bring into the index what a crash, or a full disk, kept from it."""
        while self.index.size < self.log.size:
            start = self.index.size
            entries = list(self.log.entries(start, stop=start + _CHUNK))
            subjects = [Subject.of(read_record(entry)) for entry in entries]
            self.index.add(subjects, [leaf_hash(entry) for entry in entries])
