"""Read OPA decision logs as they come: gzip or plain, JSON arrays, JSON lines, console lines."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

__all__ = ["LogEvent", "LogFinding", "read_events"]

MAX_INFLATED = 2 << 30
MAX_LINE = 64 << 20
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})\Z")
_CONSOLE = "Decision Log"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One decision as OPA logged it.

    `time_ns` is the decision's time in epoch nanoseconds. `erased` and `masked` are JSON pointers
    below `/input`, `/result` and `/nd_builtin_cache`. `raw` is the event as read.
    """

    decision_id: str
    time_ns: int
    path: str
    input: Any
    result: Any
    revisions: dict[str, str]
    erased: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    req_id: int = 0
    place: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class LogFinding:
    """Something in a log that is no decision, and where: it never stops the reading."""

    place: str
    message: str


def read_events(paths: Sequence[Path]) -> Iterator[LogEvent | LogFinding]:
    """Yield every decision of the logs, in order; what can't be read becomes a finding."""
    for path in paths:
        try:
            with path.open("rb") as file:
                zipped = file.read(2) == b"\x1f\x8b"
                file.seek(0)
                stream = gzip.GzipFile(fileobj=file) if zipped else file
                yield from _read(path.name, io.BufferedReader(stream))
        except (OSError, EOFError, zlib.error) as error:
            yield LogFinding(str(path.name), f"cannot be read: {error}")


def _read(name: str, stream: io.BufferedReader) -> Iterator[LogEvent | LogFinding]:
    read, number = 0, 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        read += len(line)
        if len(line) > MAX_LINE or read > MAX_INFLATED:
            yield LogFinding(
                f"{name}:{number}", "the line or the file is too long; the rest is not read"
            )
            return
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield LogFinding(f"{name}:{number}", f"not JSON: {error}")
            continue
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            place = f"{name}:{number}" + (f"[{index}]" if isinstance(value, list) else "")
            found = _event(item, place)
            if found is not None:
                yield found


def _event(item: object, place: str) -> LogEvent | LogFinding | None:
    if not isinstance(item, dict):
        return LogFinding(place, "not a decision-log event")
    if "msg" in item and item["msg"] != _CONSOLE:
        return None  # another line of OPA's own log
    moment = _nanoseconds(item.get("timestamp") or item.get("time"))
    if not isinstance(item.get("decision_id"), str) or moment is None:
        return LogFinding(place, "a decision-log event has a `decision_id` and a `timestamp`")
    bundles = item.get("bundles") or {}
    return LogEvent(
        decision_id=item["decision_id"],
        time_ns=moment,
        path=str(item.get("path", "")).strip("/"),
        input=item.get("input"),
        result=item.get("result"),
        revisions={
            str(name): str(one.get("revision", ""))
            for name, one in bundles.items()
            if isinstance(one, dict)
        },
        erased=tuple(map(str, item.get("erased") or ())),
        masked=tuple(map(str, item.get("masked") or ())),
        labels={str(k): str(v) for k, v in (item.get("labels") or {}).items()},
        req_id=item["req_id"] if isinstance(item.get("req_id"), int) else 0,
        place=place,
        raw=item,
    )


def _nanoseconds(text: object) -> int | None:
    """Return the epoch nanoseconds of an RFC 3339 time, exactly, or None."""
    match = _TIME.match(text) if isinstance(text, str) else None
    if not match:
        return None
    whole, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
    except ValueError:
        return None
    seconds = int(moment.astimezone(UTC).timestamp())
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
