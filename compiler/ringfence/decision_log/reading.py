"""Read OPA decision logs as they come: gzip or plain, JSON arrays, JSON lines, console lines."""

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from ringfence.decision_log.event import LogEvent, LogFinding, log_event, place_in
from ringfence.decision_log.exact_json import JsonError, parse_json, too_deep

__all__ = ["read_events"]

MAX_INFLATED: Final = 2 << 30
MAX_LINE: Final = 64 << 20
_CONSOLE = "Decision Log"


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
        return LogFinding(place_in(self._name, self.line, index), message, code)


def _problem(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    return getattr(error, "strerror", None) or "its compression is broken"
