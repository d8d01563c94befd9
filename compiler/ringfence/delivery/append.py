"""Bring records that others made into a ledger that no collector has open."""

from collections.abc import Iterable
from typing import Final

from ringfence.decision_log.event import LogFinding
from ringfence.delivery.judging import judge_records
from ringfence.delivery.reading import RecordLine
from ringfence.delivery.terms import Terms
from ringfence.ledger.append import Delivery
from ringfence.ledger.store import Ledger
from ringfence.personal.keeping import Personal

__all__ = ["append_records"]

_BATCH: Final = 256


def append_records(
    ledger: Ledger,
    lines: Iterable[RecordLine],
    *,
    terms: Terms,
    delivery: Delivery,
    personal: Personal | None = None,
) -> None:
    """Append the records that the terms allow, in batches that are durable one by one, and count them.

    With a personal store their texts and people are kept apart. The others become findings. Raise
    EvidenceError where ledger or store take no more.
    """
    batch: list[RecordLine] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _BATCH:
            _append(ledger, batch, terms, delivery, personal)
            batch = []
    if batch:
        _append(ledger, batch, terms, delivery, personal)


def _append(
    ledger: Ledger,
    batch: list[RecordLine],
    terms: Terms,
    delivery: Delivery,
    personal: Personal | None,
) -> None:
    found = judge_records(
        [one.data for one in batch],
        terms=terms,
        holds_decision=ledger.holds_decision,
        personal=personal,
    )
    for one in found.refused:
        delivery.refuse(LogFinding(batch[one.line - 1].place, one.message, one.code))
    if personal is not None:
        personal.flush()  # before the records that commit to it
    kept = ledger.append(found.records)
    delivery.added += kept.added
    delivery.duplicates += kept.duplicates
