"""Facts about message templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ir.rule import Message
from ringfence.language.cel import compile_message

from .schema import at, scope, underlined


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("no references", ("no references",)),
        (
            "score {facts.score} is below {params.min_score}",
            ("score ", "facts.score", " is below ", "params.min_score", ""),
        ),
        ("{tenant}{derived.used.total}", ("", "tenant", "", "derived.used.total", "")),
        ("a {{b}} {facts.runner.size}", ("a {b} ", "facts.runner.size", "")),
        ("{{{facts.count}}}", ("{", "facts.count", "}")),
    ],
)
def test_a_message_is_text_around_references(text: str, parts: tuple[str, ...]) -> None:
    """References and text alternate, and doubled braces are braces."""
    assert compile_message(text, scope=scope(), at=at) == Message(parts)


@pytest.mark.parametrize(
    ("text", "code", "source", "message", "hint"),
    [
        ("a {facts.scor}", "RF206", "{facts.scor}", "unknown fact", "`facts.score`"),
        ("{facts.runner}", "RF207", "{facts.runner}", "not a value", "facts.runner.class"),
        ("{params.limt}", "RF206", "{params.limt}", "unknown name", "{params.limit}"),
        ("{derived.x}", "RF206", "{derived.x}", "unknown name", "no such name"),
        ("{count}", "RF206", "{count}", "unknown name `count`", "write `{facts.count}`"),
        ("{fact.count}", "RF206", "{fact.count}", "unknown name", "{facts.count}"),
        ("{now}", "RF206", "{now}", "unknown name `now`", "a reference starts with"),
        ("{facts.token}", "RF221", "{facts.token}", "secret fact `facts.token`", "in words"),
        ("{facts.labels}", "RF207", "{facts.labels}", "is a list", "in words"),
        ("{facts.hosts}", "RF207", "{facts.hosts}", "is a list", "in words"),
        ("{params.registries}", "RF207", "{params.registries}", "is a list", "in words"),
        ("{ facts.count }", "RF220", "{ facts.count }", "white space", "{facts.count}"),
        ("{facts.count:>5}", "RF220", "{facts.count:>5}", "is not a name", "facts."),
        ("{}", "RF220", "{}", "is not a name", "facts."),
        ("a { b", "RF220", "{", "`{` is never closed", "write `{{`"),
        ("a } b", "RF220", "}", "`}` is never opened", "write `}}`"),
        ("{size(facts.labels)}", "RF220", "{size(facts.labels)}", "is not a name", "facts."),
    ],
)
def test_a_mistake_in_a_message_is_underlined(
    text: str, code: str, source: str, message: str, hint: str
) -> None:
    """Unknown, secret and list references and stray braces are refused where they stand."""
    result = compile_message(text, scope=scope(), at=at)
    assert isinstance(result, tuple)
    (diagnostic,) = result
    assert (diagnostic.code, underlined(text, diagnostic.span)) == (code, source)
    assert message in diagnostic.message
    assert hint in diagnostic.help


def test_all_mistakes_of_a_message_are_reported() -> None:
    """One run shows every mistake; too many references are one of them."""
    result = compile_message("{a} {facts.count} {b}", scope=scope(), at=at)
    assert isinstance(result, tuple)
    assert [d.span.column for d in result] == [1, 19]
    many = compile_message("{tenant}" * 17, scope=scope(), at=at)
    assert isinstance(many, tuple)
    assert [d.message for d in many] == ["message has more than 16 references"]


@given(st.text(max_size=60))
def test_escaped_text_is_kept(text: str) -> None:
    """Any text with its braces doubled is a message without references that says the text."""
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert compile_message(escaped, scope=scope(), at=at) == Message((text,))
