"""The reference evaluator says what the language reference's table says."""

from fractions import Fraction
from typing import Any

import pytest
from tests.emit.meaning import World, value_of

from ringfence.errors import Span
from ringfence.ir.schema import DecisionPoint, Fact, FactType, Scalar
from ringfence.language.cel import ConditionScope, compile_condition

_NUMBER = FactType(scalar=Scalar.INTEGER)
POINT = DecisionPoint(
    name="some.point",
    description="-",
    governed_by=frozenset(),
    facts=(
        Fact(name="x", type=_NUMBER),
        Fact(name="text"),
        Fact(name="flag", type=FactType(scalar=Scalar.BOOLEAN)),
        Fact(name="y", type=_NUMBER, required=True),
        Fact(name="list", type=FactType(fields=(Fact(name="x", type=_NUMBER),)), required=True),
    ),
)
UNKNOWN = None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("facts.x <= 5", UNKNOWN),
        ("!(facts.x <= 5)", UNKNOWN),
        ('facts.text != "a"', UNKNOWN),
        ("has(facts.x)", False),
        ("!has(facts.x) || facts.x <= 5", True),
        ("facts.y == 1 || facts.x <= 5", True),
        ("facts.y == 2 || facts.x <= 5", UNKNOWN),
        ("facts.y == 2 && facts.x <= 5", False),
        ("facts.y == 1 && facts.x <= 5", UNKNOWN),
        ("facts.flag ? facts.y == 1 : facts.y == 1", UNKNOWN),
        ("facts.list.all(i, i.x > 0)", UNKNOWN),
        ("facts.list.all(i, i.x > 1)", False),
        ("facts.list.exists(i, i.x > 0)", True),
        ("facts.list.exists(i, i.x > 1)", UNKNOWN),
        ("facts.list.all(i, has(i.x))", False),
        ("facts.x + 1 - facts.x == 1", UNKNOWN),
    ],
)
def test_conditions_over_missing_facts(text: str, outcome: bool | None) -> None:
    """Each condition has the outcome of strong Kleene logic, the ternary that of its condition."""
    scope = ConditionScope(point=POINT)
    expr = compile_condition(text, scope=scope, at=lambda _line, _column: Span("test"))
    assert not isinstance(expr, tuple)
    facts: dict[str, Any] = {"y": Fraction(1), "list": [{"x": Fraction(1)}, {}]}
    world = World(facts=facts, params={}, derived={}, tables={}, tenant="acme", now_ns=0)
    assert value_of(expr, world) is outcome
