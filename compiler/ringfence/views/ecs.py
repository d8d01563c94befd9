"""Elastic Common Schema 8.17, one JSON object a decision."""

from typing import Any, Final

from ringfence.evidence.account import Verdict
from ringfence.views.seen import Seen

__all__ = ["ecs_event"]

_OUTCOME: Final = {
    Verdict.ALLOWED: ("allowed", "success"),
    Verdict.BLOCKED: ("denied", "failure"),
    Verdict.UNDECIDED: ("denied", "unknown"),
}


def ecs_event(seen: Seen) -> dict[str, Any] | None:
    """Return the event of a decision; None for other records, and where no time can be read."""
    if seen.account is None or seen.time is None:
        return None
    kind, outcome = _OUTCOME[seen.account.verdict]
    rules = sorted({one.rule for one in seen.account.contributions})
    return {
        "@timestamp": seen.rfc3339,
        "ecs": {"version": "8.17.0"},
        "event": {
            "action": seen.text("point"),
            "category": ["api"],
            "dataset": "ringfence.decision",
            "hash": seen.leaf,
            "id": seen.text("decision_id"),
            "kind": "event",
            "module": "ringfence",
            "outcome": outcome,
            "provider": "ringfence",
            "sequence": seen.index,
            "type": ["access", kind],
        },
        "message": "; ".join(seen.account.why),
        "organization": {"id": seen.text("tenant")},
        "ringfence": {
            **seen.place,
            "action": seen.text("action"),
            "revisions": seen.revisions,
            "verdict": seen.account.verdict.value,
        },
        "rule": {"id": rules, "ruleset": sorted(set(seen.revisions.values()))},
        **({"trace": {"id": trace}} if (trace := seen.text("trace_id")) else {}),
    }
