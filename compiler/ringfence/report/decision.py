"""A decision for a person: action, why, which line, what to do, what was waived and what nearly."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ringfence.report.escape import escape_line

__all__ = ["render_decision"]


def render_decision(title: str, decision: Mapping[str, Any]) -> str:
    """Return the lines of a decision, every text escaped for a terminal."""
    verdict = "allowed" if decision.get("allowed") else "not allowed"
    head = f"{title}: {decision.get('action', 'block')} ({verdict})"
    if not decision.get("evaluated", False):
        head += ", not evaluated"
    return "\n".join(escape_line(line) for line in [head, *_lines(decision)])


def _lines(decision: Mapping[str, Any]) -> Iterator[str]:
    for reason in decision.get("reasons", ()):
        yield from _reason(reason, f"{reason['action']:<12}")
    for reason in decision.get("observed", ()):
        yield from _reason(reason, "observed    ")
    for waived in decision.get("waived", ()):
        until = _time(waived["until"])
        yield f"  waived       {waived['rule']} by exception {waived['exception']} until {until}"
        words = ", ".join(waived.get("on_the_word_of", ()))
        yield f"               on the word of: {words}" if words else "               "
    for missed in decision.get("waivers_missed", ()):
        yield f"  nearly       exception {missed['exception']} for {missed['rule']}: {missed['why']}"
    for approval in decision.get("approvals", ()):
        until = _time(approval["until"])
        yield f"  approved     {approval['rule']} by {approval['by']} until {until}"
    for missed in decision.get("approvals_missed", ()):
        yield f"  refused      approval {missed['approval']} for {missed['rule']}: {missed['why']}"
    for obligation in decision.get("obligations", ()):
        yield "  obligation   " + ", ".join(f"{k}: {v}" for k, v in sorted(obligation.items()))
    if decision.get("unknown"):
        yield f"  unknown      {', '.join(decision['unknown'])}"
    policy = decision.get("policy", {})
    if policy:
        yield f"  policy       {policy['bundle']} in {policy['environment']}, {policy['content']}"


def _reason(reason: Mapping[str, Any], label: str) -> Iterator[str]:
    yield f"  {label} {reason['rule']}: {reason['message']}"
    yield f"               fix: {reason['fix']}"
    if reason.get("source"):
        yield f"               says: {reason['source']}"
    if reason.get("escalate_to"):
        yield f"               ask: {reason['escalate_to']}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
