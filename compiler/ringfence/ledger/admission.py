"""Which delivered records the log takes: what may stand once, and of conflicts so many as are useful."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.index import LedgerIndex
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.subject import Subject

__all__ = ["Admission", "admit"]


@dataclass(slots=True, kw_only=True)
class Admission:
    """What is new of a delivery, and where each delivered record stands or will stand.

    The position of a duplicate is that of the first; of a conflict, that of its conflict record, or of
    the first decision where the conflict was recorded before or is not recorded.
    """

    entries: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    unrecorded: int = 0


@dataclass(slots=True)
class _Judge:
    """Compares a delivery with the index and with itself."""

    index: LedgerIndex
    limit: MinuteLimit
    now: float
    first: dict[bytes, tuple[int, bytes]]
    found: Admission = field(default_factory=Admission)
    others: set[tuple[bytes, bytes]] = field(default_factory=set)

    def take(self, record: Record, subject: Subject) -> None:
        """Judge one record."""
        leaf, key = leaf_hash(record.data), subject.key
        known = self.first.get(key) if key else None
        if known is None:
            position = self._add(record.data, leaf, subject)
            if key:
                self.first[key] = (position, leaf)
        elif known[1] == leaf or (key, leaf) in self.others or self.index.has_conflict(key, leaf):
            self.found.duplicates += 1
            self.found.positions.append(known[0])
        else:
            self._conflict(subject, key=key, known=known, leaf=leaf)

    def _conflict(
        self, subject: Subject, *, key: bytes, known: tuple[int, bytes], leaf: bytes
    ) -> None:
        self.found.conflicts += 1
        if not self.limit.allows(subject.principal, now=self.now):
            self.found.unrecorded += 1
            self.found.positions.append(known[0])
            return
        self.others.add((key, leaf))
        record = make_record(
            RecordKind.CONFLICT,
            {
                "decision_id": subject.decision_id,
                "first": known[1].hex(),
                "other": leaf.hex(),
                "principal": subject.principal,
                "tenant": subject.tenant,
                "unrecorded": self.limit.unrecorded(subject.principal),
            },
        )
        self._add(record.data, leaf_hash(record.data), Subject.of(record))

    def _add(self, data: bytes, leaf: bytes, subject: Subject) -> int:
        found = self.found
        position = self.index.size + len(found.entries)
        found.positions.append(position)
        found.entries.append(data)
        found.leaves.append(leaf)
        found.subjects.append(subject)
        return position


def admit(
    records: Sequence[Record], *, index: LedgerIndex, limit: MinuteLimit, now: float
) -> Admission:
    """Return what is new of a delivery; the index knows every record before it.

    Key events are the ledger's own, and refused (RF948): one that does not hold would end the log.
    """
    if any(record.kind is RecordKind.KEY_EVENT for record in records):
        raise EvidenceError("RF948", "a key event is made by the ledger alone")
    subjects = [Subject.of(record) for record in records]
    keys = [subject.key for subject in subjects if subject.key]
    first = index.seen(keys)
    if not first and len(set(keys)) == len(keys):
        return _all_new(records, subjects, start=index.size)
    judge = _Judge(index, limit, now, first)
    for record, subject in zip(records, subjects, strict=True):
        judge.take(record, subject)
    return judge.found


def _all_new(records: Sequence[Record], subjects: list[Subject], *, start: int) -> Admission:
    """Admit what is not there yet, nor twice in the delivery, as most is: there is nothing to judge."""
    entries = [record.data for record in records]
    return Admission(
        entries=entries,
        leaves=[leaf_hash(entry) for entry in entries],
        subjects=subjects,
        positions=list(range(start, start + len(entries))),
    )
