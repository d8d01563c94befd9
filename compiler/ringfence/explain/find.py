"""Find the decision that someone asks about: in logs by its id, or in a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ringfence.decision_log.event import LogEvent
from ringfence.decision_log.exact_json import JsonError, parse_json
from ringfence.decision_log.reading import read_events
from ringfence.errors import UsageError
from ringfence.explain.decision import Decided

__all__ = ["find_decision", "read_decision"]

_MOST = 16 << 20


def find_decision(name: str, logs: Sequence[Path]) -> Decided:
    """Return the logged decision of that id, or of that trace id; raise UsageError for none."""
    seen = 0
    for event in read_events(logs):
        if not isinstance(event, LogEvent):
            continue
        seen += 1
        given = event.input if isinstance(event.input, dict) else {}
        if name in (event.decision_id, given.get("trace_id")):
            return _decided(event)
    files = ", ".join(str(path) for path in logs)
    raise UsageError(
        f"no decision `{name}` among {seen} in {files}",
        help="name the log that holds it with --log, or give a request file",
    )


def read_decision(raw: bytes) -> tuple[Decided | None, dict[str, Any]]:
    """Return a logged or bare decision of a file, or else (None, the request that it is).

    Raise UsageError for what is none of these.
    """
    if len(raw) > _MOST:
        raise UsageError(f"the file has {len(raw)} bytes, more than {_MOST}")
    try:
        value = parse_json(raw)
    except JsonError as error:
        raise UsageError(f"the file is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("the file is no JSON object", help="give a request or a decision")
    if "action" in value and "reasons" in value:
        return Decided(decision=value), {}
    if isinstance(value.get("result"), dict):
        given = value.get("input")
        decided = Decided(
            decision=value["result"],
            request=given if isinstance(given, dict) else {},
            withheld=(*value.get("erased", ()), *value.get("masked", ())),
            decision_id=str(value.get("decision_id", "")),
            time=str(value.get("timestamp", "")),
        )
        return decided, {}
    return None, value


def _decided(event: LogEvent) -> Decided:
    if not isinstance(event.result, dict):
        raise UsageError(
            f"`{event.decision_id}` has no result: OPA answered nothing, and the caller blocks",
            help="look at the errors in OPA's own log at that time",
        )
    return Decided(
        decision=event.result,
        request=event.input if isinstance(event.input, dict) else {},
        withheld=(*event.erased, *event.masked),
        decision_id=event.decision_id,
        time=event.timestamp,
    )
