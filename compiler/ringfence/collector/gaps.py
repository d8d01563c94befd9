"""Gap records: what was refused at the collector, and what OPA says that it has lost before."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from ringfence.collector.judging import Refused
from ringfence.collector.lateness import Untimely
from ringfence.collector.principal import Principal
from ringfence.evidence.records import Record, RecordKind, make_record

__all__ = [
    "DROP_COUNTERS",
    "by_tenant",
    "drop_counters",
    "dropped_gaps",
    "refused_gap",
    "untimely_gap",
]

DROP_COUNTERS: Final = (
    "decision_logs_dropped_rate_limit_exceeded",
    "decision_logs_dropped_buffer_size_limit_exceeded",
    "decision_logs_dropped_buffer_size_limit_bytes_exceeded",
    "decision_logs_encoding_failure",
)
"""OPA's counters of events that were never uploaded (its decision-log plugin); each grows only."""

_Event = TypeVar("_Event", Refused, Untimely)
_MOST_IDS: Final = 20
_MOST_COUNT: Final = (1 << 53) - 1
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def by_tenant(found: Iterable[_Event]) -> dict[str | None, list[_Event]]:
    """Return events by the tenant that they are of: a record of one tenant tells it of no other."""
    groups: dict[str | None, list[_Event]] = {}
    for one in found:
        groups.setdefault(one.tenant, []).append(one)
    return groups


def refused_gap(refused: Sequence[Refused], *, principal: Principal, unrecorded: int) -> Record:
    """Return the record of events of one tenant that were refused: how many by code, and the first ids.

    Only ids of the form that OPA makes are shown. `unrecorded` counts uploads with refused events that
    have no record.
    """
    ids = [one.decision_id for one in refused if _UUID.fullmatch(one.decision_id)]
    return make_record(
        RecordKind.GAP,
        {
            "cause": "refused",
            "principal": principal.name,
            "tenant": refused[0].tenant,
            "codes": dict(Counter(one.code for one in refused)),
            "decision_ids": sorted(set(ids[:_MOST_IDS])),
            "unrecorded": unrecorded,
        },
    )


def untimely_gap(
    found: Sequence[Untimely], *, principal: Principal, now: float, unrecorded: int
) -> Record:
    """Return the record of events of one tenant that are dated far from their arrival at `now`, in epoch seconds.

    `age` is the least and the greatest, in seconds, below zero for what is dated ahead.
    """
    ids = [one.decision_id for one in found if _UUID.fullmatch(one.decision_id)]
    ages = [one.age for one in found]
    return make_record(
        RecordKind.GAP,
        {
            "cause": "untimely",
            "principal": principal.name,
            "tenant": found[0].tenant,
            "arrived": int(now),
            "age": {"least": min(ages), "greatest": max(ages)},
            "events": len(found),
            "decision_ids": sorted(set(ids[:_MOST_IDS])),
            "unrecorded": unrecorded,
        },
    )


def dropped_gaps(
    totals: Mapping[str, int], *, lost: Mapping[str, int], principal: Principal, opa: str
) -> list[Record]:
    """Return the records of what an OPA, by its instance id, has dropped: in all, and since the last ones.

    OPA counts for all tenants together, so each of several has a record, which says that it is `shared`;
    who adds them up counts those with the same totals once.
    """
    body = {"cause": "dropped", "lost": dict(lost), "opa": opa, "principal": principal.name}
    shared = {"shared": True} if len(principal.tenants) > 1 else {}
    return [
        make_record(RecordKind.GAP, {**body, **shared, "tenant": one, "totals": dict(totals)})
        for one in sorted(principal.tenants)
    ]


def drop_counters(status: Mapping[str, Any]) -> dict[str, int]:
    """Return OPA's drop counters by name from a status update, those above zero."""
    metrics = status.get("metrics")
    found = metrics.get("prometheus") if isinstance(metrics, dict) else None
    counters = found if isinstance(found, dict) else {}
    values = {name: counters.get(f"counter_{name}") for name in DROP_COUNTERS}
    return {
        name: value
        for name, value in values.items()
        if type(value) is int and 0 < value <= _MOST_COUNT
    }
