"""Facts about diagnostics as SARIF."""

import json

from ringfence.errors import Diagnostic, Severity, Span
from ringfence.report.sarif import render_diagnostics


def test_each_code_is_a_rule_and_each_diagnostic_a_result() -> None:
    """Results point at their rule by index and id, with a region from the span."""
    found = [
        Diagnostic("RF010", Span("a b.yaml", 2, 3, 2, 7), "duplicate key `x`", "remove it"),
        Diagnostic("RF010", Span("a b.yaml", 9, 1), "duplicate key `y`"),
        Diagnostic("RF005", Span("b.yaml", 1, 1), "m", severity=Severity.WARNING),
    ]
    log = json.loads(render_diagnostics(found))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["RF005", "RF010"]
    assert rules[1]["shortDescription"]["text"] == "duplicate key"
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first = run["results"][0]
    assert first["level"] == "error"
    assert first["message"]["text"] == "duplicate key `x`; remove it"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 7}
    assert run["results"][2]["level"] == "warning"


def test_the_same_diagnostics_give_the_same_bytes() -> None:
    """Order of discovery does not show in the output."""
    found = [Diagnostic(f"RF{n:03}", Span("a.yaml", n, 1), "m") for n in (5, 7, 10)]
    assert render_diagnostics(found) == render_diagnostics(reversed(found))
