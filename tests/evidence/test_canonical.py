"""Facts about canonical JSON: the fast way and RFC 8785's own agree."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_bytes_are_those_of_rfc8785(value: object) -> None:
    """Whichever way is taken, the bytes are those of the reference implementation."""
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # any JSON


def test_keys_outside_ascii_are_sorted_by_utf16() -> None:
    """A key beyond the basic plane sorts before U+FB33, as RFC 8785 section 3.2.3 shows."""
    text = canonical_bytes({"\ufb33": 1, "\U0001f600": 2}).decode()
    assert text == '{"\U0001f600":2,"\ufb33":1}'


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\ud800": 1}, {1: 2}, {"a": {1, 2}}],
)
def test_what_has_no_canonical_form_is_refused_without_showing_it(value: Any) -> None:
    """Raises EvidenceError, whose text never shows the value."""
    with pytest.raises(EvidenceError) as caught:
        canonical_bytes({"a": [value]})
    assert str(caught.value) == "RF910 a value has no canonical JSON"
    assert caught.value.__cause__ is None


def test_nesting_without_end_is_refused() -> None:
    """Raises EvidenceError rather than RecursionError."""
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(EvidenceError):
        canonical_bytes(value)


def test_public_vectors(vectors: list[dict[str, Any]]) -> None:
    """Every RFC 8785 vector of cyberphone gives its output."""
    found = [one for one in vectors if one["kind"] == "jcs"]
    assert len(found) == 3
    for one in found:
        assert canonical_bytes(json.loads(one["input"])).decode() == one["output"], one["id"]
