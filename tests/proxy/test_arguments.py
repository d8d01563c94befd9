"""Digests of arguments."""

import hashlib

import pytest

from ringfence.proxy.arguments import digest_arguments


def _sha(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_all_arguments_count_unless_some_are_named() -> None:
    """The digest is over RFC 8785 bytes: order, spacing and the way of writing a number are nothing."""
    one = digest_arguments({"b": 1.0, "a": {"y": "é", "x": [True, None]}})
    assert one.digest == _sha('{"a":{"x":[true,null],"y":"é"},"b":1}')
    assert (one.covered, one.size) == ("*", len('{"a":{"x":[true,null],"y":"é"},"b":1}'.encode()))
    assert digest_arguments({"a": {"x": [True, None], "y": "é"}, "b": 1}) == one


def test_of_named_arguments_those_alone_count() -> None:
    """Another argument changes nothing, a named one does, and an absent one counts as null."""
    named = digest_arguments({"amount": 5, "note": "x"}, covered="amount,order")
    assert (named.digest, named.covered) == (_sha('{"amount":5,"order":null}'), "amount,order")
    assert digest_arguments({"amount": 5, "order": None}, covered="amount,order") == named
    assert digest_arguments({"amount": 6}, covered="amount,order") != named


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**60, "\ud800"], ids=str)
def test_what_has_no_canonical_json_has_no_digest(value: object) -> None:
    """A number that JSON readers disagree about, or half a character, is refused."""
    with pytest.raises(ValueError, match="canonical"):
        digest_arguments({"a": {"b": [value]}})


def test_arguments_nested_too_deeply_have_no_digest() -> None:
    """Depth that the encoder cannot follow is refused, and is no crash."""
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="canonical"):
        digest_arguments(deep)
