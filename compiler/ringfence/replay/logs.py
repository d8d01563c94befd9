"""Read OPA decision logs as they come: gzip or plain, JSON arrays, JSON lines, console lines."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, TypeGuard

import orjson

from ringfence.replay.event_json import ExactNumber, JsonError, parse_json, too_deep

__all__ = ["LogEvent", "LogFinding", "log_event", "nanoseconds", "read_events"]

MAX_INFLATED: Final = 2 << 30
MAX_LINE: Final = 64 << 20
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONSOLE = "Decision Log"


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
        return _place(self.file, self.line, self.index)

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


def read_events(
    paths: Sequence[Path], *, max_inflated: int = MAX_INFLATED, max_line: int = MAX_LINE
) -> Iterator[LogEvent | LogFinding]:
    """Yield every decision of the logs, in order; what can't be read becomes a finding.

    `max_inflated` bounds the unpacked bytes of one file, `max_line` those of one line.
    """
    for path in paths:
        reader = _Reader(path.name, max_inflated=max_inflated, max_line=max_line)
        try:
            with path.open("rb") as file:
                yield from reader.read(file)
        except (OSError, EOFError, zlib.error) as error:
            yield LogFinding(
                f"{path.name}:{reader.line + 1}",
                f"cannot be read further: {_problem(error)}",
                "RF901",
            )


class _Reader:
    """Reads one file; `line` is the last line that was read whole."""

    def __init__(self, name: str, *, max_inflated: int, max_line: int) -> None:
        self.line = 0
        self._name = name
        self._left = max_inflated
        self._max_line = max_line

    def read(self, file: IO[bytes]) -> Iterator[LogEvent | LogFinding]:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        stream = io.BufferedReader(gzip.GzipFile(fileobj=file)) if zipped else file
        first = True
        while text := stream.readline(min(self._max_line, self._left) + 1):
            self.line += 1
            if len(text) > self._left:
                yield self._finding("RF902", "the unpacked file is too long; the rest is not read")
                return
            self._left -= len(text)
            if len(text) > self._max_line:
                yield self._finding("RF902", "the line is too long and was left out")
                if not text.endswith(b"\n"):
                    self._skip_line(stream)
            elif text.strip():
                yield from self._items(self._first(text, stream) if first else self._line(text))
                first = False

    def _skip_line(self, stream: IO[bytes]) -> None:
        while self._left > 0 and (text := stream.readline(min(1 << 20, self._left))):
            self._left -= len(text)
            if text.endswith(b"\n"):
                return

    def _line(self, text: bytes) -> object:
        try:
            return parse_json(text)
        except JsonError as error:
            return self._finding("RF903", str(error))

    def _first(self, text: bytes, stream: IO[bytes]) -> object:
        """Parse the first line, or the whole file where it is one array over many lines."""
        value = self._line(text)
        if not isinstance(value, LogFinding) or not text.lstrip().startswith(b"["):
            return value
        start = stream.tell()
        rest = stream.read(min(self._max_line, self._left))
        try:
            whole = parse_json(text + rest)
        except JsonError:
            stream.seek(start)  # it may be this line only that is broken
            return value
        self._left -= len(rest)
        return whole

    def _items(self, value: object) -> Iterator[LogEvent | LogFinding]:
        if isinstance(value, LogFinding):
            yield value
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._item(item, index)
        else:
            yield from self._item(value, None)

    def _item(self, item: object, index: int | None) -> Iterator[LogEvent | LogFinding]:
        if too_deep(item):
            yield self._finding("RF903", "nested too deeply", index)
        elif not isinstance(item, dict):
            yield self._finding("RF904", "not a decision-log event", index)
        elif "msg" not in item or item["msg"] == _CONSOLE:  # else another line of OPA's own log
            event = log_event(item, file=self._name, line=self.line, index=index)
            problem = "a decision-log event has a `decision_id` and a `timestamp`"
            yield event if event is not None else self._finding("RF904", problem, index)

    def _finding(self, code: str, message: str, index: int | None = None) -> LogFinding:
        return LogFinding(_place(self._name, self.line, index), message, code)


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


def _place(file: str, line: int, index: int | None) -> str:
    return f"{file}:{line}" + ("" if index is None else f"[{index}]")


def _exact(value: Any) -> Any:
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.encode())
    if isinstance(value, dict):
        return {key: _exact(one) for key, one in value.items()}
    return [_exact(one) for one in value] if isinstance(value, list) else value


def _problem(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    return getattr(error, "strerror", None) or "its compression is broken"
