"""Facts about diagnostics as people read them."""

from ringfence.errors import Diagnostic, Severity, Span
from ringfence.report.pretty import render_diagnostics

SOURCE = "spec:\n  limt: 0\n\tx: é日本 bad\r\n"


def one(span: Span, message: str = "unknown key `limt`", help: str = "") -> str:
    """Render one diagnostic over the sample source."""
    return render_diagnostics(
        [Diagnostic("RF101", span, message, help)], sources={"a.yaml": SOURCE}, color=False
    )


def test_the_key_is_underlined_in_its_line() -> None:
    """Code, message, place, source line, caret and help follow each other."""
    shown = one(Span("a.yaml", 2, 3, 2, 7), help="did you mean `limit`?")
    assert shown == (
        "error[RF101]: unknown key `limt`\n"
        " --> a.yaml:2:3\n"
        "  |\n"
        "2 |   limt: 0\n"
        "  |   ^^^^\n"
        "  = help: did you mean `limit`?\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_wide_characters_and_tabs_keep_the_caret_in_place() -> None:
    """A tab is shown as four cells and an ideograph takes two."""
    rows = one(Span("a.yaml", 3, 9, 3, 12)).split("\n")
    assert rows[3] == "3 |     x: é日本 bad"
    assert rows[4] == f"  | {' ' * 13}^^^"


def test_a_span_over_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    """The caret of a block runs to the end of the line where it starts."""
    assert "  | ^^^^^\n" in one(Span("a.yaml", 1, 1, 2, 5))


def test_text_from_policies_cannot_steer_the_terminal() -> None:
    """Escapes, bidi overrides and line breaks in any part are written out."""
    hostile = "a\x1b[2J\u202eb\nc\r"
    shown = render_diagnostics(
        [Diagnostic("RF101", Span(hostile, 1, 1), hostile, hostile)],
        sources={hostile: hostile},
        color=False,
    )
    for character in "\x1b\u202e\r":
        assert character not in shown
    assert shown.count("a\\u001b[2J\\u202eb") == 4
    assert "error[RF101]: a\\u001b[2J\\u202eb\\nc\\r\n" in shown


def test_colour_is_added_around_text_only_when_asked_for() -> None:
    """With colour, removing the colour codes gives the plain rendering."""
    found = [Diagnostic("RF101", Span("a.yaml", 2, 3, 2, 7), "m", "h", Severity.WARNING)]
    plain = render_diagnostics(found, sources={"a.yaml": SOURCE}, color=False)
    colored = render_diagnostics(found, sources={"a.yaml": SOURCE}, color=True)
    assert "\x1b[1;33m" in colored
    assert "\x1b" not in plain
    for code in ("\x1b[0m", "\x1b[1;33m", "\x1b[1m", "\x1b[1;34m", "\x1b[1;36m"):
        colored = colored.replace(code, "")
    assert colored == plain


def test_diagnostics_are_sorted_and_counted() -> None:
    """Order is by file and line, a duplicate is shown once, the last line counts."""
    found = [
        Diagnostic("RF102", Span("b.yaml", 1, 1), "later"),
        Diagnostic("RF101", Span("a.yaml", 9, 1), "first", severity=Severity.WARNING),
        Diagnostic("RF102", Span("b.yaml", 1, 1), "later"),
    ]
    shown = render_diagnostics(found, sources={}, color=False)
    assert shown.index("first") < shown.index("later")
    assert shown.endswith("1 error and 1 warning in 2 files\n")
    assert render_diagnostics([], sources={}, color=False) == ""


def test_a_very_long_line_is_cut_around_the_caret() -> None:
    """A line of thousands of characters is shown in part, with the caret under its text."""
    line = "a" * 3000 + "BAD" + "b" * 3000
    shown = render_diagnostics(
        [Diagnostic("RF101", Span("a.yaml", 1, 3001, 1, 3004), "m")],
        sources={"a.yaml": line},
        color=False,
    )
    rows = shown.split("\n")
    assert max(map(len, rows)) < 180
    start = rows[4].index("^")
    assert rows[3][start : start + 3] == "BAD"
    assert rows[4].count("^") == 3
