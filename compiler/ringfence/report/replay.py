"""A replay's report for a person."""

from collections import Counter
from collections.abc import Iterator

from ringfence.replay.exact import Report
from ringfence.report.escape import escape_line

__all__ = ["render_replay"]

_MOST = 10


def render_replay(report: Report) -> str:
    """Return the report's lines: counts, then changes by tenant, rule and pair of actions."""
    return "\n".join(escape_line(line) for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.events} events replayed"
    for name, count in (
        ("unchanged", report.unchanged),
        ("newly blocked", report.newly_blocked),
        ("newly allowed", report.newly_allowed),
        ("action changed", report.action_changed),
        ("obligation changed", report.obligation_changed),
        ("untrustworthy", report.untrustworthy),
        ("not replayable", report.not_replayable),
    ):
        yield f"  {name:<20}{count:>8}"
    if report.with_recorded_tokens:
        yield f"  {report.with_recorded_tokens} of them with what their decision recorded of masked tokens"
    if report.with_masked_facts:
        yield f"  {report.with_masked_facts} of them without facts that the log left out, which no policy could read"
    yield from _table("by tenant", report.by_tenant)
    yield from _table("by rule", report.by_rule)
    yield from _table("by actions", report.by_actions)
    for change in report.examples[:_MOST]:
        rules = ", ".join(change.rules) or "same rules"
        yield f"  {change.decision_id}  {change.tenant}: {change.before} -> {change.after} ({rules})"
    for finding in report.findings[:_MOST]:
        yield f"  skipped {finding.place}: {finding.message}"


def _table(title: str, counts: Counter[str]) -> Iterator[str]:
    if counts:
        yield title
    for name, count in counts.most_common(_MOST):
        yield f"  {name:<40}{count:>8}"
