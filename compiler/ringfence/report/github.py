"""Render diagnostics as GitHub workflow commands, which annotate a pull request's files."""

from collections.abc import Iterable

from ringfence.errors import Diagnostic, sort_diagnostics
from ringfence.report.escape import escape_text

__all__ = ["render_diagnostics"]


def render_diagnostics(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one `::error` or `::warning` command a line.

    Values are escaped as GitHub's toolkit does (actions/toolkit, core/src/command.ts), so that
    text from a policy cannot start a command of its own.
    """
    return "".join(f"{_command(item)}\n" for item in sort_diagnostics(diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties = {
        "file": span.file,
        "line": span.line,
        "endLine": span.end_line or span.line,
        "col": span.column,
        "title": diagnostic.code,
    }
    # GitHub refuses columns of an annotation over several lines.
    if (span.end_line or span.line) == span.line:
        properties["endColumn"] = max(span.end_column - 1, span.column)
    else:
        del properties["col"]
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    return f"::{diagnostic.severity.value} {written}::{_data(text)}"


def _data(text: str) -> str:
    written = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escape_text(written)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
