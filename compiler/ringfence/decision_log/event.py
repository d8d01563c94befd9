"""One decision as OPA logged it, or what was found in its place."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

import orjson

from ringfence.decision_log.exact_json import ExactNumber

__all__ = ["LogEvent", "LogFinding", "log_event", "nanoseconds", "place_in"]

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One decision as OPA logged it.

    `time_ns` is `timestamp` in epoch nanoseconds. `path` has no slash at its ends. `bundles` maps
    names to revisions. `erased` and `masked` are JSON pointers below `/input`, `/result` and
    `/nd_builtin_cache`. `file`, `line` (from 1) and `index` (in an upload's array, else None) say
    where it was read. A number that no 64-bit integer or double holds is an ExactNumber.
    """

    decision_id: str
    timestamp: str
    time_ns: int
    path: str
    input: Any = None
    result: Any = None
    bundles: dict[str, str] = field(default_factory=dict)
    erased: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    nd_builtin_cache: Any = None
    labels: dict[str, str] = field(default_factory=dict)
    req_id: int = 0
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)
    index: int | None = field(default=None, compare=False)

    @property
    def place(self) -> str:
        """Name the file, the line and, in an array, the index."""
        return place_in(self.file, self.line, self.index)

    def exact_input(self) -> Any:
        """Return the input for orjson, which then writes every number as the log has it."""
        return _exact(self.input)


@dataclass(frozen=True, slots=True)
class LogFinding:
    """Something in a log that is no decision, and where: it never stops the reading.

    `message` never shows what the log holds; `code` is one of `ringfence.codes`.
    """

    place: str
    message: str
    code: str


def log_event(
    item: dict[str, Any], *, file: str = "", line: int = 0, index: int | None = None
) -> LogEvent | None:
    """Return the event of a JSON object, or None where that has no id or no time."""
    timestamp, decision_id = item.get("timestamp"), item.get("decision_id")
    if timestamp is None and "msg" in item:
        timestamp = item.get("time")  # a console line has its own
    moment = nanoseconds(timestamp)
    if not _is_text(decision_id) or not decision_id or moment is None:
        return None
    return LogEvent(
        decision_id=decision_id,
        timestamp=str(timestamp),
        time_ns=moment,
        path=path.strip("/") if _is_text(path := item.get("path")) else "",
        input=item.get("input"),
        result=item.get("result"),
        bundles={
            name: revision if _is_text(revision := one.get("revision")) else ""
            for name, one in _mapping(item.get("bundles")).items()
            if isinstance(one, dict)
        },
        erased=_texts(item.get("erased")),
        masked=_texts(item.get("masked")),
        nd_builtin_cache=item.get("nd_builtin_cache"),
        labels={k: v for k, v in _mapping(item.get("labels")).items() if _is_text(v)},
        req_id=number if isinstance(number := item.get("req_id"), int) else 0,
        file=file,
        line=line,
        index=index,
    )


def nanoseconds(text: object) -> int | None:
    """Return the epoch nanoseconds of an RFC 3339 time, exactly, or None where it is none."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}" + ("+00:00" if zone in "Zz" else zone))
        seconds = (moment - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if _is_text(one)) if isinstance(value, list) else ()


def _is_text(value: object) -> TypeGuard[str]:
    """Tell whether a value was logged as a text: the literal of a long number is a `str` too."""
    return type(value) is str


def place_in(file: str, line: int, index: int | None) -> str:
    """Name a file, a line and, in an array, an index."""
    return f"{file}:{line}" + ("" if index is None else f"[{index}]")


def _exact(value: Any) -> Any:
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.encode())
    if isinstance(value, dict):
        return {key: _exact(one) for key, one in value.items()}
    return [_exact(one) for one in value] if isinstance(value, list) else value
