"""Render diagnostics as JSON, for programs."""

import json
from collections.abc import Iterable
from typing import Any

from ringfence.errors import Diagnostic, Severity, sort_diagnostics

__all__ = ["render_diagnostics"]


def render_diagnostics(diagnostics: Iterable[Diagnostic]) -> str:
    """Return `{"diagnostics": [...], "errors": n, "warnings": n}` with one final newline.

    Each entry has code, severity, message, help, file, line, column, end_line and end_column;
    lines and columns count from 1, the end column is exclusive. Output is ASCII.
    """
    ordered = sort_diagnostics(diagnostics)
    errors = sum(item.severity is Severity.ERROR for item in ordered)
    document = {
        "diagnostics": [_entry(item) for item in ordered],
        "errors": errors,
        "warnings": len(ordered) - errors,
    }
    return json.dumps(document, indent=2) + "\n"


def _entry(diagnostic: Diagnostic) -> dict[str, Any]:
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line or span.line,
        "end_column": span.end_column or span.column + 1,
    }
