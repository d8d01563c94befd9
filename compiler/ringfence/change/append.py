"""Bring results of changes into a ledger, each once."""

from collections.abc import Sequence

from ringfence.change.read import AnyResult
from ringfence.change.record import change_record
from ringfence.ledger.append import Delivery
from ringfence.ledger.store import Ledger

__all__ = ["append_changes"]


def append_changes(ledger: Ledger, results: Sequence[AnyResult], *, delivery: Delivery) -> None:
    """Append a record of each result, and count in `delivery`; the very same record comes in once.

    Raise EvidenceError where the ledger takes no more, or a result is too large for a record.
    """
    if results:
        found = ledger.append([change_record(one) for one in results])
        delivery.added += found.added
        delivery.duplicates += found.duplicates
