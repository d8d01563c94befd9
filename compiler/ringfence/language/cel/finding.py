"""A mistake inside a condition's text, before the text's place in a file is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ringfence.errors import Diagnostic, Span

__all__ = ["Finding", "Refused", "diagnostics"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake between two character offsets of the text, the end exclusive."""

    code: str
    start: int
    end: int
    message: str
    help: str


class Refused(Exception):  # noqa: N818 - a control flow, not an error
    """Carry the one finding that ends a stage; never leaves the package."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def diagnostics(
    findings: Iterable[Finding], *, text: str, at: Callable[[int, int], Span]
) -> tuple[Diagnostic, ...]:
    """Place findings in the file, in the order of the text and without repeats.

    `at` maps a line and a column of the text, both from 1, to the span of that character.
    """
    ordered = sorted(set(findings), key=lambda f: (f.start, f.end, f.code, f.message))
    return tuple(
        Diagnostic(f.code, _span(text, f.start, f.end, at), f.message, f.help) for f in ordered
    )


def _span(text: str, start: int, end: int, at: Callable[[int, int], Span]) -> Span:
    first = at(*_position(text, start))
    if end <= start + 1:
        return _joined(first, first)
    return _joined(first, at(*_position(text, end - 1)))


def _joined(first: Span, last: Span) -> Span:
    end_line = last.end_line or last.line
    end_column = last.end_column or last.column + 1
    return Span(first.file, first.line, first.column, end_line, end_column)


def _position(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
