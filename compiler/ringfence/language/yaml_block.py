"""A string of a YAML document with the place in the file of each of its characters."""

import re
from collections.abc import Callable, Iterator
from enum import IntEnum

from ringfence.errors import Span

__all__ = ["BlockText", "Style"]


class Style(IntEnum):
    """How a value is written."""

    PLAIN = 0
    SINGLE = 1
    DOUBLE = 2
    LITERAL = 3
    FOLDED = 4
    BLOCK_COLLECTION = 5
    FLOW_COLLECTION = 6


_BREAK = r"[ \t]*(?:\r?\n[ \t]*)+"
_DOUBLE = re.compile(rf"\\(?:x..|u.{{4}}|U.{{8}}|\r?\n[ \t]*|.)|{_BREAK}|.", re.DOTALL)
_SINGLE = re.compile(rf"''|{_BREAK}|.", re.DOTALL)
_RUN = re.compile(r"[ \t\r\n]+|[^ \t\r\n]+")
_SPACE = re.compile(r"[ \t\r\n]*")


class BlockText:
    """A string value, its style, and the way back from its characters to the file.

    Exact for every style but folded and multi-line text, where each word is exact and the
    white space between two words points at the end of the first. `start` and `end` are the
    offsets of the value as written, quotes and the header of a block included.
    """

    __slots__ = ("_locate", "_offsets", "_source", "end", "start", "style", "text")

    def __init__(
        self,
        text: str,
        *,
        style: Style,
        source: str,
        start: int,
        end: int,
        locate: Callable[[int, int], Span],
    ) -> None:
        self.text = text
        self.style = style
        self._source = source
        self.start = start
        self.end = end
        self._locate = locate
        self._offsets: list[int] | None = None

    def at(self, line: int, column: int = 1, *, width: int = 1) -> Span:
        """Return the file's span for a line and column of the text, both from 1.

        A place beyond the text is brought to its end, so that no caller has to check.
        """
        starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        line = min(max(line, 1), len(starts))
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        offset = min(starts[line - 1] + max(column, 1) - 1, end)
        return self.at_offset(offset, width=width)

    def at_offset(self, offset: int, *, width: int = 1) -> Span:
        """Return the file's span for `width` characters from an offset into the text."""
        if self._offsets is None:
            self._offsets = list(self._map())
        offsets = self._offsets
        last = len(offsets) - 1
        first = min(max(offset, 0), last)
        final = min(max(first + width - 1, first), last)
        start = offsets[first]
        if first == last:
            return self._locate(start, start + 1)
        return self._locate(start, max(offsets[final], start) + 1)

    def _map(self) -> Iterator[int]:
        """Yield the file offset of each character of the text, and of its end."""
        if self.style is Style.LITERAL:
            yield from _map_literal(self.text, self._source, self._content())
        elif self.style is Style.DOUBLE:
            yield from _map_quoted(self._inside(), _DOUBLE, base=self.start + 1)
        elif self.style is Style.SINGLE:
            yield from _map_quoted(self._inside(), _SINGLE, base=self.start + 1)
        else:
            at = self._content() if self.style is Style.FOLDED else self.start
            yield from _map_words(self.text, self._source, at)

    def _inside(self) -> str:
        return self._source[self.start + 1 : self.end - 1]

    def _content(self) -> int:
        """Return where the line after the block's header starts."""
        at = self._source.find("\n", self.start)
        return len(self._source) if at < 0 else at + 1


def _map_literal(text: str, source: str, at: int) -> Iterator[int]:
    body = text.rstrip("\n")
    end = at
    for number, line in enumerate(body.split("\n")):
        if number:
            yield end
        stop = source.find("\n", at)
        stop = len(source) if stop < 0 else stop
        end = stop - 1 if source.endswith("\r", at, stop) else stop
        # A line of a literal block is the end of the file's line, whatever its indentation.
        start = max(at, end - len(line))
        yield from range(start, end)
        at = stop + 1
    for _ in range(len(text) - len(body) + 1):
        yield end


def _map_quoted(inside: str, token: re.Pattern[str], *, base: int) -> Iterator[int]:
    for match in token.finditer(inside):
        piece = match.group()
        breaks = piece.count("\n")
        if breaks and piece[0] == "\\":
            continue
        for _ in range(max(1, breaks - 1)):
            yield base + match.start()
    yield base + len(inside)


def _map_words(text: str, source: str, at: int) -> Iterator[int]:
    for match in _RUN.finditer(text):
        run = match.group()
        space = _SPACE.match(source, at)
        gap = "" if space is None else space.group()
        if run.isspace():
            yield from (at + (i if gap == run else 0) for i in range(len(run)))
            at += len(gap)
        else:
            at += len(gap)
            yield from range(at, at + len(run))
            at += len(run)
    yield at
