"""Gap records of counterparts that are missing; the ledger's checkpoint signs them."""

from collections.abc import Sequence

from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.reconcile.join import Missing
from ringfence.reconcile.seen import Seen

__all__ = ["gap_records"]


def gap_records(missing: Sequence[Missing], *, seen: Seen) -> list[Record]:
    """Return a record of each missing counterpart of which the ledger has none yet."""
    made: dict[tuple[str, str, str, str], Record] = {}
    for one in missing:
        key = (one.cause, one.tenant, one.decision_id, one.run_id)
        if key not in seen.gaps and key not in made:
            made[key] = make_record(
                RecordKind.GAP,
                {
                    "cause": one.cause,
                    "principal": one.principal,
                    "tenant": one.tenant,
                    "decision_id": one.decision_id,
                    "run_id": one.run_id,
                },
            )
    return list(made.values())
