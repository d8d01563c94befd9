"""Facts about diagnostics as JSON."""

import json

from ringfence.errors import Diagnostic, Severity, Span
from ringfence.report.json import render_diagnostics


def test_every_field_is_there_and_positions_are_complete() -> None:
    """Each entry has all fields; a span without an end covers one character."""
    text = render_diagnostics(
        [
            Diagnostic("RF101", Span("é.yaml", 2, 3, 2, 7), 'say "x"', "do y"),
            Diagnostic("RF102", Span("a.yaml", 1, 1), "m", severity=Severity.WARNING),
        ]
    )
    assert text.isascii()
    assert text.endswith("}\n")
    document = json.loads(text)
    assert (document["errors"], document["warnings"]) == (1, 1)
    assert document["diagnostics"] == [
        {
            "code": "RF102",
            "severity": "warning",
            "message": "m",
            "help": "",
            "file": "a.yaml",
            "line": 1,
            "column": 1,
            "end_line": 1,
            "end_column": 2,
        },
        {
            "code": "RF101",
            "severity": "error",
            "message": 'say "x"',
            "help": "do y",
            "file": "é.yaml",
            "line": 2,
            "column": 3,
            "end_line": 2,
            "end_column": 7,
        },
    ]
