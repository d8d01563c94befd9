"""The exception root, and the one shape in which every stage reports a mistake."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "CompileError",
    "Diagnostic",
    "InternalError",
    "OpaError",
    "RingfenceError",
    "Severity",
    "Span",
    "UsageError",
    "sort_diagnostics",
]


class RingfenceError(Exception):
    """Root of every exception that ringfence raises on purpose."""


class InternalError(RingfenceError):
    """A bug of ours: an invariant that an earlier stage promised does not hold."""


class UsageError(RingfenceError):
    """A mistake in how a command was called; `help` says what to do instead."""

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class OpaError(RingfenceError):
    """OPA is missing, too old, refused to start, or did not answer as it must."""

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Severity(StrEnum):
    """How much a diagnostic weighs: only errors make a policy invalid."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a source file: lines and columns count from 1, columns in characters.

    `file` is relative to the policy repository's root, with forward slashes.
    `end_column` is exclusive.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = field(default=0, compare=False)
    end_column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: what is wrong, where, and what to do about it.

    `message` is one line, lower case, without a final stop, with user text in backticks.
    `code` is stable and listed in `ringfence.codes`.
    """

    code: str
    span: Span
    message: str
    help: str = ""
    severity: Severity = Severity.ERROR


class CompileError(RingfenceError):
    """All diagnostics of a run, sorted, at least one of them an error.

    `sources` maps files to their text, for showing the lines.
    """

    def __init__(
        self, diagnostics: Iterable[Diagnostic], *, sources: Mapping[str, str] | None = None
    ) -> None:
        self.diagnostics = sort_diagnostics(diagnostics)
        self.sources = dict(sources or {})
        super().__init__("\n".join(f"{d.span}: {d.code} {d.message}" for d in self.diagnostics))


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics without duplicates, by file, line, column, code."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.span, d.code, d.message)))
