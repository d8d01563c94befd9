"""Render diagnostics for people: message, place, source line with a caret, and help."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from ringfence.errors import Diagnostic, Severity, Span, sort_diagnostics
from ringfence.report.escape import escape_line

__all__ = ["render_diagnostics", "summarize"]

_RESET: Final = "\x1b[0m"
_COLORS: Final = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "bold": "\x1b[1m",
    "blue": "\x1b[1;34m",
    "help": "\x1b[1;36m",
}
_MAX_LINE: Final = 160
_BEFORE: Final = 60


def render_diagnostics(
    diagnostics: Iterable[Diagnostic], *, sources: Mapping[str, str], color: bool
) -> str:
    """Return all diagnostics in order and a summary line; empty text where there are none.

    `sources` maps a span's file to its text; a file that is not there is shown without its line.
    Text from policies is escaped, so that it cannot move the cursor or reorder what is read.
    """
    ordered = sort_diagnostics(diagnostics)
    if not ordered:
        return ""
    lines: dict[str, list[str]] = {}
    for file in {diagnostic.span.file for diagnostic in ordered}:
        lines[file] = sources[file].split("\n") if file in sources else []
    blocks = [_render(item, lines=lines[item.span.file], color=color) for item in ordered]
    return "\n\n".join([*blocks, summarize(ordered)]) + "\n"


def summarize(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one line such as `2 errors and 1 warning in 2 files`."""
    found = list(diagnostics)
    errors = sum(item.severity is Severity.ERROR for item in found)
    parts = [
        _count(number, noun)
        for number, noun in ((errors, "error"), (len(found) - errors, "warning"))
        if number
    ]
    files = len({item.span.file for item in found})
    return f"{' and '.join(parts) or 'no errors'} in {_count(files, 'file')}"


def _render(diagnostic: Diagnostic, *, lines: list[str], color: bool) -> str:
    span, kind = diagnostic.span, diagnostic.severity.value
    gutter = " " * len(str(span.line))
    head = _paint(f"{kind}[{diagnostic.code}]", kind, color=color)
    rows = [
        f"{head}: {_paint(escape_line(diagnostic.message), 'bold', color=color)}",
        f"{gutter}{_paint('-->', 'blue', color=color)} {escape_line(str(span))}",
    ]
    if 1 <= span.line <= len(lines):
        bar = _paint("|", "blue", color=color)
        shown, before, width = _excerpt(lines[span.line - 1].rstrip("\r"), span)
        caret = _paint("^" * width, kind, color=color)
        rows.append(f"{gutter} {bar}")
        rows.append(f"{_paint(str(span.line), 'blue', color=color)} {bar} {shown}")
        rows.append(f"{gutter} {bar} {' ' * before}{caret}")
    if diagnostic.help:
        rows.append(
            f"{gutter} {_paint('=', 'blue', color=color)} "
            f"{_paint('help', 'help', color=color)}: {escape_line(diagnostic.help)}"
        )
    return "\n".join(rows)


def _excerpt(line: str, span: Span) -> tuple[str, int, int]:
    """Return the line as shown, the cells before the caret, and the caret's width in cells."""
    start = min(max(span.column - 1, 0), len(line))
    end = len(line) if span.end_line > span.line else span.end_column - 1
    end = min(max(end, start + 1), len(line))
    first = max(0, start - _BEFORE) if len(line) > _MAX_LINE else 0
    last = min(len(line), first + _MAX_LINE)
    end = min(end, last)
    head = ("..." if first else "") + _shown(line[first:start])
    marked = _shown(line[start:end])
    tail = _shown(line[end:last]) + ("..." if last < len(line) else "")
    return f"{head}{marked}{tail}".rstrip(), _cells(head), max(1, _cells(marked))


def _shown(text: str) -> str:
    return escape_line(text.replace("\t", "    "))


def _cells(text: str) -> int:
    """Return how many terminal cells the text takes (Unicode Annex 11; combining marks none)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _paint(text: str, color_name: str, *, color: bool) -> str:
    return f"{_COLORS[color_name]}{text}{_RESET}" if color else text
