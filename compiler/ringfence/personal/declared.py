"""Which members of each kind of record name a person, or hold text that anyone wrote freely.

This is the one place that says so. What is in no row stays in records as it is: ids, by which records are
joined, revoked and inspected (tenants, principals, decisions, runs, tokens, exceptions, rules), closed lists
of words, numbers, digests, times, and what a policy says itself (obligations, places in its source).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.records import RecordKind
from ringfence.personal.key_ring import ERASURES

__all__ = ["DECLARED", "Declared", "places"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Members by path; `[]` is each entry of a list, and a dot leads into an object.

    `subject` is the member that says whose the texts are, if the record is not made of facts. `time` is
    the one by which its month is told: an RFC 3339 time, or epoch seconds. `period` is one that stands
    in place of all months.
    """

    people: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    subject: str = ""
    time: str = "timestamp"
    period: str = ""


DECLARED: Final[Mapping[RecordKind, Declared]] = {
    RecordKind.DECISION: Declared(
        people=("waived[].by", "approvals[].by"),
        texts=("waived[].reason",),
    ),
    RecordKind.RUN: Declared(texts=("approvals[].by", "approvals[].reason")),
    RecordKind.APPROVAL: Declared(people=("requester", "by"), time="from"),
    RecordKind.EXCEPTION: Declared(
        people=("requester", "by", "cost_plan.agreed_with"),
        texts=("reason", "risk_analysis", "cost_plan.extra", "cost_plan.cost_center"),
        subject="requester",
        time="from",
    ),
    RecordKind.REVIEW: Declared(
        people=("reviewer",), texts=("note",), subject="reviewer", time="at"
    ),
    RecordKind.EXPLANATION: Declared(
        people=("by",), texts=("summary", "factors[].evidence"), subject="by", time="generated_at"
    ),
    RecordKind.RETENTION_EVENT: Declared(
        people=("by",), texts=("reason",), subject="by", period=ERASURES
    ),
    RecordKind.EXPORT_EVENT: Declared(people=("by",)),
}


def places(body: Mapping[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield where a path leads in a body: its place as in `waived[0].by`, the object, and the member."""
    head, dot, rest = path.partition(".")
    if not dot:
        if isinstance(body, dict) and head in body:
            yield head, body, head
        return
    name = head.removesuffix("[]")
    for step, one in _below(body.get(name), name, listed=name != head):
        for place, inner, member in places(one, rest):
            yield f"{step}.{place}", inner, member


def _below(value: object, name: str, *, listed: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects in a list, or the one object, each with its place."""
    entries = value if listed and isinstance(value, list) else [] if listed else [value]
    for number, one in enumerate(entries):
        if isinstance(one, dict):
            yield f"{name}[{number}]" if listed else name, one
