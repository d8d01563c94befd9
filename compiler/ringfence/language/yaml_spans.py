"""Where each key and value of a YAML document stands: a side table, so that data stay plain."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from ringfence.errors import Span
from ringfence.language.yaml_block import BlockText, Style

__all__ = ["Path", "SpanMap"]

Path = tuple[str | int, ...]

# One entry a value, in document order: six numbers in a flat array keep 10,000 documents small.
_KEY, _KEY_END, _START, _END, _STYLE, _AFTER = range(6)
_WIDTH: Final = 6
_WIDE: Final = 32


class SpanMap:
    """The positions of a document's keys and values, by their path from the top.

    A path holds keys and list indices; `()` is the whole document. Built by `load` only.
    """

    __slots__ = ("_labels", "_line_starts", "_marks", "_scalars", "_wide", "file", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._marks = array("L")
        self._labels: list[str | int] = []
        self._scalars: list[str | None] = []
        self._line_starts: array[int] | None = None
        self._wide: dict[int, dict[str | int, int]] = {}

    def key(self, path: Path) -> Span:
        """Return where the path's last key is written; of a list item, where its value is.

        Raises KeyError where the document has no such path.
        """
        entry = self._find(path)
        return self._key_span(entry)

    def value(self, path: Path) -> Span:
        """Return where the path's value is written; of a block, from its indicator `|`.

        Raises KeyError where the document has no such path.
        """
        return self._value_span(self._find(path))

    def nearest(self, path: Path) -> Span:
        """Return the path's value, or the key of the longest prefix that exists."""
        entry, found = self._walk(path)
        return self._value_span(entry) if found == len(path) else self._key_span(entry)

    def block(self, path: Path) -> BlockText | None:
        """Return the path's text with its positions, or None where it is not a string."""
        entry, found = self._walk(path)
        text = self._scalars[entry] if found == len(path) else None
        if text is None:
            return None
        base = entry * _WIDTH
        return BlockText(
            text,
            style=Style(self._marks[base + _STYLE]),
            source=self.text,
            start=self._marks[base + _START],
            end=self._marks[base + _END],
            locate=self.span,
        )

    def __contains__(self, path: Path) -> bool:
        return self._walk(path)[1] == len(path)

    def span(self, start: int, end: int) -> Span:
        """Return the span of two character offsets into the text, the end exclusive."""
        line, column = self._position(start)
        end_line, end_column = self._position(max(start, end))
        return Span(self.file, line, column, end_line, end_column)

    def offsets(self, path: Path) -> tuple[int, int]:
        """Return the character offsets of the path's value as written; raises KeyError."""
        base = self._find(path) * _WIDTH
        return self._marks[base + _START], self._marks[base + _END]

    def strings(self) -> Iterator[tuple[int, int]]:
        """Yield the offsets of all keys and strings as written, in document order."""
        for entry, text in enumerate(self._scalars):
            base = entry * _WIDTH
            if self._marks[base + _KEY_END]:
                yield self._marks[base + _KEY], self._marks[base + _KEY_END]
            if text is not None:
                yield self._marks[base + _START], self._marks[base + _END]

    def add(
        self,
        label: str | int,
        *,
        key: int,
        key_end: int,
        start: int,
        end: int,
        style: int,
        text: str | None = None,
    ) -> int:
        """Append a value in document order and return its entry; for the reader only.

        `text` is given for strings only.
        """
        entry = len(self._labels)
        self._labels.append(label)
        self._scalars.append(text)
        self._marks.extend((key, key_end, start, end, style, entry + 1))
        return entry

    def close(self, entry: int, end: int | None) -> None:
        """Note that a collection's entries are complete; `end` where its end is written."""
        marks = self._marks
        marks[entry * _WIDTH + _AFTER] = len(self._labels)
        if end is not None:
            marks[entry * _WIDTH + _END] = end
        elif len(self._labels) > entry + 1:
            # A block collection ends where its last value does, not at the comments after it.
            marks[entry * _WIDTH + _END] = max(
                marks[-_WIDTH + _END], marks[entry * _WIDTH + _START]
            )

    def first_line(self, parent: int, key: str) -> int:
        """Return the line of the first such key in a mapping still open; for the reader only."""
        entry = parent + 1
        while self._labels[entry] != key:
            entry = self._marks[entry * _WIDTH + _AFTER]
        return self._key_span(entry).line

    def _find(self, path: Path) -> int:
        entry, found = self._walk(path)
        if found != len(path):
            raise KeyError(path)
        return entry

    def _walk(self, path: Path) -> tuple[int, int]:
        entry = 0
        for found, step in enumerate(path):
            child = self._child(entry, step)
            if child is None:
                return entry, found
            entry = child
        return entry, len(path)

    def _child(self, parent: int, step: str | int) -> int | None:
        if parent in self._wide:
            return self._wide[parent].get(step)
        labels, marks = self._labels, self._marks
        entry, after = parent + 1, marks[parent * _WIDTH + _AFTER]
        seen = 0
        while entry < after:
            if labels[entry] == step:
                return entry
            entry = marks[entry * _WIDTH + _AFTER]
            seen += 1
            if seen == _WIDE:
                return self._index(parent).get(step)
        return None

    def _index(self, parent: int) -> dict[str | int, int]:
        children: dict[str | int, int] = {}
        entry, after = parent + 1, self._marks[parent * _WIDTH + _AFTER]
        while entry < after:
            children.setdefault(self._labels[entry], entry)
            entry = self._marks[entry * _WIDTH + _AFTER]
        self._wide[parent] = children
        return children

    def _key_span(self, entry: int) -> Span:
        base = entry * _WIDTH
        start, end = self._marks[base + _KEY], self._marks[base + _KEY_END]
        return self.span(start, end) if end > start else self._value_span(entry)

    def _value_span(self, entry: int) -> Span:
        base = entry * _WIDTH
        start, end = self._marks[base + _START], self._marks[base + _END]
        if end > start:
            end = start + len(self.text[start:end].rstrip())
        elif self._marks[base + _KEY_END]:
            # A value that is left out is shown at its key.
            start, end = self._marks[base + _KEY], self._marks[base + _KEY_END]
        return self.span(start, end)

    def _position(self, offset: int) -> tuple[int, int]:
        starts = self._line_starts
        if starts is None:
            starts = self._line_starts = array("L", _line_starts(self.text))
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1


def _line_starts(text: str) -> list[int]:
    starts, at = [0], text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts
