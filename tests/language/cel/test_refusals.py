"""Facts about what conditions are refused for, where, and with which advice."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ringfence.codes import CODES
from ringfence.errors import Diagnostic
from ringfence.language.cel import compile_condition

from .schema import at, scope, underlined

CASES = Path(__file__).parents[2] / "cases" / "cel"
MISTAKES = [
    pytest.param(path.stem, case, id=f"{path.stem}-{number}")
    for path in sorted(CASES.glob("*.yaml"))
    for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), start=1)
]


def refused(text: str, *, role: str = "require") -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a condition that is not valid."""
    result = compile_condition(text, scope=scope("where" if role == "where" else "require"), at=at)
    return result if isinstance(result, tuple) else ()


@pytest.mark.parametrize(("role", "case"), MISTAKES)
def test_each_mistake_is_underlined_and_says_what_to_write(
    role: str, case: dict[str, object]
) -> None:
    """Every mistake has its code, underlines exactly its text, and helps; there are no others."""
    text = str(case["text"])
    expected = case["errors"]
    assert isinstance(expected, list)
    found = refused(text, role=role)
    assert [(d.code, underlined(text, d.span)) for d in found] == [
        (code, source) for code, source, _, _ in expected
    ]
    for diagnostic, (_, _, message, hint) in zip(found, expected, strict=True):
        assert message in diagnostic.message
        assert hint in diagnostic.help
        assert "\n" not in diagnostic.message + diagnostic.help
        assert not diagnostic.message.endswith(".")
        assert diagnostic.code in CODES


def test_every_code_of_conditions_has_a_case() -> None:
    """No RF2xx code is registered that no case proves."""
    text = "".join(path.read_text(encoding="utf-8") for path in CASES.glob("*.yaml"))
    here = set(re.findall(r"RF2\d\d", text)) | {"RF201", "RF220", "RF221"}
    assert {code for code in CODES if "RF200" <= code < "RF240"} == here


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("facts.urgent && " * 300 + "true", "characters, more than 4096"),
        ("(" * 33 + "facts.urgent" + ")" * 33, "nests more than 32 levels"),
        ("(" * 2000 + "facts.urgent" + ")" * 2000, "nests more than 32 levels"),
        ("!" * 2000 + "facts.urgent", "nests more than 32 levels"),
        ("-" * 2000 + "1 == 1", "nests more than 32 levels"),
        ("facts.count" + "+1" * 1000 + " > 1", "nests more than 32 levels"),
        ("true ? true : " * 200 + "true", "nests more than 32 levels"),
        ("true" + "&&true" * 300, "names, values and operators, more than 256"),
        (f"facts.count in [{', '.join(map(str, range(65)))}]", "list has 65 items, more than 64"),
        (" && ".join(["facts.hosts.all(h, h.private)"] * 5), "more than 4 quantifiers"),
        (f'facts.image.matches("{"a" * 257}")', "pattern has 257 characters, more than 256"),
        (f'facts.image == "{"a" * 1025}"', "string has 1025 characters, more than 1024"),
        (
            " == ".join(f"(facts.urgent && facts.count > {i})" for i in range(12)),
            "expand to too many cases",
        ),
        (
            "("
            + "facts.urgent ? 1 : " * 28
            + "2) < ("
            + "facts.urgent ? 1 : " * 28
            + "facts.count)",
            "expand to too many cases",
        ),
    ],
)
def test_what_is_expensive_is_refused(text: str, message: str) -> None:
    """Text, nesting, parts, lists, quantifiers, patterns and expanded cases are bounded."""
    assert message in refused(text)[0].message


def test_what_is_at_the_limits_is_accepted() -> None:
    """The bounds themselves are allowed."""
    for text in (
        "(" * 30 + "facts.urgent" + ")" * 30,
        f"facts.count in [{', '.join(map(str, range(64)))}]",
        " && ".join(["facts.hosts.all(h, h.private)"] * 4),
        f'facts.image.matches("{"a" * 256}")',
        'facts.image.matches("a{100}")',
        "facts.count < 999999999999999 && facts.score > -999999999999999.999999",
    ):
        assert refused(text) == (), text


WORDS = st.sampled_from(
    ["facts", ".", "count", "urgent", "hosts", "h", "(", ")", "[", "]", "{", "}", "&&", "||", "!"]
    + ["==", "<", "?", ":", ",", "-", "*", "/", "in", "1", "1.5", '"a"', "'", '"', "\\", "exists"]
    + [
        "has",
        "size",
        "duration",
        "matches",
        "params",
        "limit",
        "null",
        "//",
        "\n",
        "é",
        "\x00",
        "=",
    ]
)


@given(st.lists(WORDS, max_size=30).map(" ".join) | st.lists(WORDS, max_size=30).map("".join))
def test_no_text_makes_the_compiler_fail(text: str) -> None:
    """Any text gives an expression or diagnostics inside of the text, and never an exception."""
    for diagnostic in refused(text):
        lines = text.split("\n")
        assert 1 <= diagnostic.span.line <= len(lines)
        assert 1 <= diagnostic.span.column <= len(lines[diagnostic.span.line - 1]) + 1
        assert diagnostic.help
