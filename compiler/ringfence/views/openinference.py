"""OpenInference spans of kind GUARDRAIL, one line of OTLP's JSON (TracesData) a decision.

A decision takes no time of its own in a log, so that a span begins and ends at once. Ids are made of what
the record holds: OTLP wants 16 bytes for a trace and 8 for a span, and a caller may name a trace
otherwise.
"""

import hashlib
import re
from typing import Any, Final

from ringfence.evidence.account import Account, Verdict
from ringfence.evidence.canonical import canonical_bytes
from ringfence.views.seen import Seen

__all__ = ["openinference_span"]

_TRACE: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_INTERNAL: Final = 1
_UNSET, _OK, _ERROR = 0, 1, 2
_STATUS: Final = {
    Verdict.ALLOWED: _OK, Verdict.BLOCKED: _OK, Verdict.UNDECIDED: _ERROR,
}  # fmt: skip


def openinference_span(seen: Seen) -> dict[str, Any] | None:
    """Return the span of a decision; None for other records, and where no time can be read."""
    if seen.account is None or seen.time is None:
        return None
    span = {
        "attributes": _attributes(_flat(seen, seen.account)),
        "endTimeUnixNano": str(seen.time),
        "kind": _INTERNAL,
        "name": seen.text("point") or seen.kind.value,
        "spanId": seen.leaf[:16],
        "startTimeUnixNano": str(seen.time),
        "status": {"code": _STATUS[seen.account.verdict]},
        "traceId": _trace(seen),
    }
    scope = {"name": "ringfence", "version": "1"}
    resource = {"attributes": _attributes({"service.name": "ringfence"})}
    traces = {"resource": resource, "scopeSpans": [{"scope": scope, "spans": [span]}]}
    return {"resourceSpans": [traces]}


def _flat(seen: Seen, account: Account) -> dict[str, str | int]:
    rules = [{"part": one.part.value, "rule": one.rule} for one in account.contributions]
    output = {"action": seen.text("action"), "rules": rules, "verdict": account.verdict.value}
    metadata = {
        "decision_id": seen.text("decision_id"),
        "revisions": seen.revisions,
        "tenant": seen.text("tenant"),
        "trace_id": seen.text("trace_id"),
    }
    return {
        "input.mime_type": "application/json",
        "input.value": _json(seen.body.get("facts", {})),
        "metadata": _json(metadata),
        "openinference.span.kind": "GUARDRAIL",
        "output.mime_type": "application/json",
        "output.value": _json(output),
        "ringfence.ledger.index": seen.index,
        "ringfence.ledger.leaf": seen.leaf,
        "ringfence.ledger.origin": seen.origin,
    }


def _trace(seen: Seen) -> str:
    """Return the caller's id where it is one of OTLP, else 16 bytes of SHA-256 of what it is."""
    named = seen.text("trace_id")
    if _TRACE.fullmatch(named):
        return named
    return hashlib.sha256((named or seen.leaf).encode()).hexdigest()[:32]


def _attributes(given: dict[str, str | int]) -> list[dict[str, Any]]:
    """Return attributes as OTLP's JSON has them; 64-bit integers are text there."""
    return [
        {
            "key": key,
            "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
        }
        for key, value in sorted(given.items())
    ]


def _json(value: Any) -> str:
    return canonical_bytes(value).decode()
