"""ArcSight Common Event Format, version 0 (CEF Implementation Standard, revision 26), one line a record.

What a caller chose reaches a line with controls spelled out, and then with the escapes of the format, so
that no value begins a line, a field of the header or a key of its own.
"""

from collections.abc import Iterator
from typing import Final

from ringfence.evidence.account import Verdict
from ringfence.report.escape import escape_line
from ringfence.views.seen import Seen

__all__ = ["cef_line"]

_SEVERITY: Final = {Verdict.ALLOWED: 1, Verdict.BLOCKED: 5, Verdict.UNDECIDED: 7}
_OTHER_SEVERITY: Final = 3
_MOST: Final = 4000


def cef_line(seen: Seen) -> str:
    """Return the line of any record, without its line feed."""
    account = seen.account
    name = f"{account.verdict.value} {seen.text('point')}".strip() if account else seen.kind.value
    severity = _SEVERITY[account.verdict] if account else _OTHER_SEVERITY
    head = ("ringfence", "ringfence", "1", seen.kind.value, name, str(severity))
    fields = " ".join(f"{key}={_extension(value)}" for key, value in _fields(seen) if value)
    return "|".join(("CEF:0", *map(_header, head), fields))


def _fields(seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield the extension: its keys are the format's own, and their order is ours."""
    account = seen.account
    yield "rt", "" if seen.milliseconds is None else str(seen.milliseconds)
    yield "cat", seen.kind.value
    yield "externalId", seen.text("decision_id")
    yield "act", seen.text("action")
    yield "outcome", account.verdict.value if account else ""
    yield "suser", seen.text("principal")
    rules = [] if account is None else [f"{c.part.value}:{c.rule}" for c in account.contributions]
    for number, (label, value) in enumerate(
        {
            "tenant": seen.text("tenant"),
            "point": seen.text("point"),
            "rules": ",".join(rules),
            "revisions": ",".join(seen.revisions.values()),
            "leaf": seen.leaf,
            "origin": seen.origin,
        }.items(),
        start=1,
    ):
        if value:
            yield f"cs{number}Label", label
            yield f"cs{number}", value
    yield "cn1Label", "index"
    yield "cn1", str(seen.index)
    if trace := seen.text("trace_id"):
        yield "flexString1Label", "trace"
        yield "flexString1", trace


def _header(value: str) -> str:
    return escape_line(value).replace("\\", "\\\\").replace("|", "\\|")


def _extension(value: str) -> str:
    return escape_line(value[:_MOST]).replace("\\", "\\\\").replace("=", "\\=")
