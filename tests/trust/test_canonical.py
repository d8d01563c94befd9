"""Facts about the canonical encoding of bound facts."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.ir.schema import DecisionPoint, Fact, FactType, Scalar
from ringfence.language.facts import all_points
from ringfence.trust.canonical import UnencodableFactError, bound_digest, bound_names, bound_text

DOCS = Path(__file__).parents[2] / "docs" / "tokens.md"

POINT = DecisionPoint(
    name="test.point",
    description="A point for tests.",
    governed_by=frozenset(),
    facts=(
        Fact(name="zone", binds=True),
        Fact(name="run.count", type=FactType(scalar=Scalar.INTEGER), binds=True),
        Fact(name="run.cost", type=FactType(scalar=Scalar.DECIMAL), binds=True),
        Fact(name="run.urgent", type=FactType(scalar=Scalar.BOOLEAN), binds=True),
        Fact(name="labels", type=FactType(many=True), binds=True),
        Fact(name="images", type=FactType(fields=(Fact(name="digest"),)), binds=True),
        Fact(name="note"),
    ),
)

ANSWER = """
import data.ringfence.lib.bound
answer := [digest |
    some facts in input.facts
    digest := _digest(facts)
]
_digest(facts) := bound.digest(facts, input.names) if true else := "undefined"
"""

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
integers = st.integers(-(10**15) + 1, 10**15 - 1)
decimals = st.decimals(-(10**15) + 1, 10**15 - 1, places=6, allow_nan=False).map(
    lambda d: Decimal(format(d, "f"))
) | st.sampled_from([Decimal(text) for text in ("0.0", "-0.0", "1.50", "100.0", "-0.000001")])
scalars = texts | integers | decimals | st.booleans()
lists = st.lists(scalars, max_size=4)
fields = st.text("abcXYZ019_.-", min_size=1, max_size=8)
records = st.lists(st.dictionaries(fields, scalars | lists, max_size=3), max_size=3)
values = scalars | lists | records
nested = st.fixed_dictionaries(
    {},
    optional={
        "zone": values,
        "labels": values,
        "images": values,
        "note": texts,
        "run": st.fixed_dictionaries(
            {}, optional={"count": values, "cost": values, "urgent": values}
        )
        | texts,
    },
)


@settings(max_examples=6, deadline=None)
@given(st.lists(nested, min_size=100, max_size=200))
def test_python_and_opa_agree(ask: Callable[..., Any], batch: list[dict[str, Any]]) -> None:
    """Python and the real OPA compute the same digest of the same facts."""
    answer = ask(ANSWER, {"facts": batch, "names": bound_names(POINT)})
    assert answer == [bound_digest(facts, POINT) for facts in batch]


UNENCODABLE = {
    "an object": {"zone": {"a": 1}},
    "a list in a list": {"labels": [["a"]]},
    "an object in a list of texts": {"labels": ["a", {"b": 1}]},
    "an object in a record": {"images": [{"digest": {"a": 1}}]},
    "null in a list": {"labels": [None]},
    "null in a record": {"images": [{"digest": None}]},
    "a field name with a space": {"images": [{"a b1\nc": True}]},
    "an empty field name": {"images": [{"": True}]},
    "sixteen digits": {"run": {"count": 10**15}},
    "seven decimals": {"run": {"cost": Decimal("0.0000001")}},
}


@pytest.mark.parametrize("facts", UNENCODABLE.values(), ids=UNENCODABLE.keys())
def test_what_has_no_encoding_is_refused_by_both(
    ask: Callable[..., Any], facts: dict[str, Any]
) -> None:
    """A value outside the facts' domain is never left out of a digest: there is no digest."""
    with pytest.raises(UnencodableFactError):
        bound_digest(facts, POINT)
    assert ask(ANSWER, {"facts": [facts], "names": bound_names(POINT)}) == ["undefined"]


@pytest.mark.parametrize("literal", ["1e2", "1E2", "1e400", "1.0e1", "1e-3"])
def test_opa_refuses_exponents(ask: Callable[..., Any], literal: str) -> None:
    """A number that is written with an exponent has no digest on OPA."""
    module = ANSWER.replace("input.facts", f'[{{"zone": json.unmarshal("{literal}")}}]')
    assert ask(module, {"names": [["zone", ["zone"]]]}) == ["undefined"]


@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", {1, 2}])
def test_other_python_values_are_refused(value: object) -> None:
    """A float has no exact text and is refused, as is whatever JSON lacks."""
    with pytest.raises(UnencodableFactError):
        bound_digest({"zone": value}, POINT)


def test_lone_surrogates_are_refused() -> None:
    """Text that UTF-8 can't write has no digest."""
    with pytest.raises(UnencodableFactError, match="`zone` is not valid Unicode"):
        bound_digest({"zone": "\ud800"}, POINT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"zone": "1"}, {"zone": 1}),
        ({"zone": True}, {"zone": "b1"}),
        ({"zone": ""}, {}),
        ({"labels": ["a,b"]}, {"labels": ["a", "b"]}),
        ({"labels": []}, {}),
        ({"images": [{"a": "1"}, {"b": "2"}]}, {"images": [{"b": "2"}, {"a": "1"}]}),
        ({"images": [{"a": "1", "b": "2"}]}, {"images": [{"a": "1"}, {"b": "2"}]}),
        ({"zone": "x\nrun.cost n1"}, {"zone": "x", "run": {"cost": 1}}),
    ],
)
def test_different_facts_have_different_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    """No text of a fact can stand for another fact, type or list."""
    assert bound_digest(one, POINT) != bound_digest(other, POINT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"labels": ["b", "a", "b"]}, {"labels": ["a", "b"]}),
        ({"run": {"cost": Decimal("1.50")}}, {"run": {"cost": Decimal("1.5")}}),
        ({"run": {"cost": Decimal("-0.0")}}, {"run": {"cost": 0}}),
        ({"note": "free"}, {}),
        ({"zone": None}, {}),
        ({"run": "text"}, {}),
    ],
)
def test_equal_facts_have_equal_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Order and repetition in a set, zeros at a decimal's end and unbound facts do not count."""
    assert bound_digest(one, POINT) == bound_digest(other, POINT)


def test_only_bound_facts_are_named() -> None:
    """The names that a decision hashes are the bound facts of the schema, in ascending order."""
    point = all_points()["runner.deploy"]
    names = [name for name, _ in bound_names(point)]
    assert names == sorted(fact.name for fact in point.facts if fact.binds)
    assert "runner.class" in names
    assert "run.estimate" not in names


def _vectors() -> list[dict[str, Any]]:
    text = DOCS.read_text(encoding="utf-8")
    block = re.search(r"```json vectors\n(.*?)```", text, re.DOTALL)
    assert block is not None
    vectors: list[dict[str, Any]] = json.loads(block[1], parse_float=Decimal)
    return vectors


def test_documented_vectors_hold(ask: Callable[..., Any]) -> None:
    """The vectors in docs/tokens.md are what Python and OPA compute, text and digest."""
    vectors = _vectors()
    facts = [vector["facts"] for vector in vectors]
    digests = [vector["digest"] for vector in vectors]
    assert [bound_text(each, POINT).split("\n") for each in facts] == [v["text"] for v in vectors]
    assert [bound_digest(each, POINT) for each in facts] == digests
    assert ask(ANSWER, {"facts": facts, "names": bound_names(POINT)}) == digests
