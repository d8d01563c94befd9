"""Decision-log events to records: each decision once, conflicts and findings kept."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ringfence.decision_log.event import LogEvent, LogFinding
from ringfence.evidence.decision import make_decision
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.tree import leaf_hash
from ringfence.personal.keeping import STORE_FAILED, Personal

__all__ = ["Tally", "decision_records"]

_MAX_FINDINGS = 1000


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of the events; of the findings the first thousand are kept."""

    events: int = 0
    duplicates: int = 0
    conflicts: int = 0
    refused: int = 0
    findings: list[LogFinding] = field(default_factory=list)

    def add(self, finding: LogFinding) -> None:
        """Count a finding, and keep it while there is room."""
        self.refused += 1
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(finding)


def decision_records(
    events: Iterable[LogEvent | LogFinding],
    *,
    allowed_facts: frozenset[str],
    tally: Tally,
    personal: Personal | None = None,
) -> Iterator[Record]:
    """Yield a record a decision, in the order of arrival, and count in `tally` what else there was.

    An id that comes again with the same record is dropped and counted. With another record the first
    one stays, and a conflict record holds the leaf hashes of both, once for each that differs.
    """
    first: dict[bytes, bytes] = {}
    others: set[tuple[bytes, bytes]] = set()
    for event in events:
        if isinstance(event, LogFinding):
            tally.add(event)
            continue
        tally.events += 1
        try:
            record = make_decision(event, allowed_facts=allowed_facts, personal=personal)
        except EvidenceError as error:
            if error.code == STORE_FAILED:
                raise
            tally.add(LogFinding(event.place, error.message, error.code))
            continue
        key, leaf = hashlib.sha256(event.decision_id.encode()).digest(), leaf_hash(record.data)
        known = first.setdefault(key, leaf)
        if known is leaf:
            yield record
        elif known == leaf or (key, leaf) in others:
            tally.duplicates += 1
        else:
            others.add((key, leaf))
            tally.conflicts += 1
            tally.add(LogFinding(event.place, "another decision has this id", "RF912"))
            yield _conflict(event.decision_id, known, leaf)


def _conflict(decision_id: str, first: bytes, other: bytes) -> Record:
    body = {"decision_id": decision_id, "first": first.hex(), "other": other.hex()}
    return make_record(RecordKind.CONFLICT, body)
