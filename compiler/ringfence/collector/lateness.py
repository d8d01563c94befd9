"""Whose time is far from its arrival: OPA's times are claims, and this is all that speaks against one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ringfence.collector.judging import claimed_tenant
from ringfence.collector.principal import Principal
from ringfence.decision_log.event import LogEvent

__all__ = ["Untimely", "untimely"]

_AHEAD: Final = 300
"""Seconds by which a clock may be ahead, as a witness's may."""

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Untimely:
    """An event that is dated far from its arrival: so many seconds before, or below zero after it.

    `tenant` is one of the principal's.
    """

    decision_id: str
    age: int
    tenant: str | None


def untimely(
    events: Iterable[LogEvent], *, principal: Principal, now: float, most: float
) -> tuple[Untimely, ...]:
    """Return the events that are older than `most` seconds, or more than five minutes ahead of `now`.

    They are kept: OPA holds events for as long as nobody takes them, and a clock may be wrong here.
    """
    moment = int(now * _NS)
    first, last = moment - int(most * _NS), moment + _AHEAD * _NS
    return tuple(
        Untimely(
            event.decision_id,
            (moment - event.time_ns) // _NS,
            principal.tenant_of(claimed_tenant(event)),
        )
        for event in events
        if not first <= event.time_ns <= last
    )
