"""Bring decision-log events into a ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ringfence.decision_log.event import LogEvent, LogFinding
from ringfence.evidence.decision import make_decision
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record
from ringfence.ledger.store import Ledger
from ringfence.personal.keeping import STORE_FAILED, Personal

__all__ = ["Delivery", "append_events"]

_BATCH: Final = 256
_MAX_FINDINGS: Final = 1000


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What came of the events; of the findings the first thousand are kept.

    `added` counts records, those of conflicts among them; of the conflicts, `unrecorded` only count.
    """

    added: int = 0
    duplicates: int = 0
    conflicts: int = 0
    unrecorded: int = 0
    refused: int = 0
    findings: list[LogFinding] = field(default_factory=list)

    def refuse(self, finding: LogFinding) -> None:
        """Count a finding, and keep it while there is room."""
        self.refused += 1
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(finding)


def append_events(
    ledger: Ledger,
    events: Iterable[LogEvent | LogFinding],
    *,
    allowed_facts: frozenset[str],
    delivery: Delivery,
    personal: Personal | None = None,
) -> None:
    """Append a record of each event, in batches that are durable one by one, and count in `delivery`.

    What is no decision of ours becomes a finding. Raise EvidenceError where ledger or store take no more;
    what was not taken can be delivered again as a whole.
    """
    batch: list[Record] = []
    for event in events:
        if isinstance(event, LogFinding):
            delivery.refuse(event)
            continue
        try:
            batch.append(make_decision(event, allowed_facts=allowed_facts, personal=personal))
        except EvidenceError as error:
            if error.code == STORE_FAILED:
                raise
            delivery.refuse(LogFinding(event.place, error.message, error.code))
        if len(batch) == _BATCH:
            _append(ledger, batch, delivery, personal)
            batch = []
    if batch:
        _append(ledger, batch, delivery, personal)


def _append(
    ledger: Ledger, batch: list[Record], delivery: Delivery, personal: Personal | None
) -> None:
    if personal is not None:
        personal.flush()  # before the records that commit to it
    found = ledger.append(batch)
    delivery.added += found.added
    delivery.duplicates += found.duplicates
    delivery.conflicts += found.conflicts
    delivery.unrecorded += found.unrecorded
