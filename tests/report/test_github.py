"""Facts about diagnostics as GitHub workflow commands."""

from ringfence.errors import Diagnostic, Severity, Span
from ringfence.report.github import render_diagnostics


def test_a_diagnostic_is_one_command() -> None:
    """File, line, columns and code are properties; message and help are the text."""
    found = Diagnostic("RF101", Span("a.yaml", 2, 3, 2, 7), "unknown key", "remove it")
    assert render_diagnostics([found]) == (
        "::error file=a.yaml,line=2,endLine=2,col=3,title=RF101,endColumn=6"
        "::unknown key%0Ahelp: remove it\n"
    )


def test_a_span_over_several_lines_has_no_columns() -> None:
    """GitHub ignores an annotation with columns over several lines, so they are left out."""
    found = Diagnostic("RF101", Span("a.yaml", 2, 3, 4, 7), "m", severity=Severity.WARNING)
    assert render_diagnostics([found]) == "::warning file=a.yaml,line=2,endLine=4,title=RF101::m\n"


def test_text_from_policies_cannot_start_a_command() -> None:
    """Percent signs, line breaks and, in properties, colons and commas are escaped."""
    found = Diagnostic("RF101", Span("a,b:c%\n.yaml", 1, 1), "x\n::set-env name=a::b\r%0A\x1b")
    shown = render_diagnostics([found])
    assert shown.count("\n") == 1
    assert "file=a%2Cb%3Ac%25%0A.yaml," in shown
    assert shown.endswith("::x%0A::set-env name=a::b%0D%250A\\u001b\n")
