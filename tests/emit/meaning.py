"""What an expression means: three-valued logic over what a request holds, written without the compiler.

It shares the tree (`ringfence.ir.expression`) with the compiler and nothing else: `ringfence.ir.logic`,
which makes conditions two-valued, and `ringfence.emit` are what it guards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import re2

from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    ArithmeticOp,
    Compare,
    CompareOp,
    Derived,
    Expr,
    FactRef,
    Has,
    IfElse,
    ItemRef,
    Literal,
    Lookup,
    Matches,
    Member,
    Not,
    Now,
    Or,
    OrEmpty,
    ParamRef,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    StringTestOp,
    Tables,
    TenantName,
)

__all__ = ["World", "exact", "value_of"]

_NS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What expressions read.

    Facts by dotted name, and fields of records, stand here only where they are present and well typed.
    Numbers are fractions (`exact`), so that nothing is ever rounded; `now_ns` is the clock.
    """

    facts: Mapping[str, Any]
    params: Mapping[str, Any]
    derived: Mapping[str, Expr]
    tables: Mapping[str, Any]
    tenant: str
    now_ns: int
    items: Mapping[str, Any] = field(default_factory=dict)


def exact(value: Any) -> Any:
    """Return a value of a policy with its numbers as fractions."""
    match value:
        case bool() | str():
            return value
        case int() | Decimal():
            return Fraction(value)
        case list() | tuple():
            return [exact(one) for one in value]
        case Mapping():
            return {name: exact(one) for name, one in value.items()}
        case _:
            raise TypeError(f"no value of a policy: {value!r}")


def value_of(expr: Expr, world: World) -> Any:
    """Return what an expression comes to; None where a fact that it needs is not there (unknown)."""
    match expr:
        case And(operands):
            return _all(value_of(one, world) for one in operands)
        case Or(operands):
            return _any(value_of(one, world) for one in operands)
        case Not(operand):
            return _not(value_of(operand, world))
        case IfElse(condition, then, otherwise):
            asked = value_of(condition, world)
            return None if asked is None else value_of(then if asked else otherwise, world)
        case Has(FactRef(name)):
            return name in world.facts
        case Has(ItemRef(variable, name)):
            return name in world.items[variable]
        case Quantifier():
            return _quantified(expr, world)
        case Derived(name):
            return value_of(world.derived[name], world)
        case Compare(op, left, right):
            return _compare(op, value_of(left, world), value_of(right, world))
        case Arithmetic(op, left, right):
            return _calculate(op, value_of(left, world), value_of(right, world))
        case Member(item, collection):
            return _member(value_of(item, world), value_of(collection, world))
        case StringTest(op, subject, argument):
            return _string_test(op, value_of(subject, world), value_of(argument, world))
        case Matches(subject, pattern):
            text = value_of(subject, world)
            return None if text is None else re2.search(pattern, text) is not None
        case AnyPrefix(subject, prefixes):
            text, known = value_of(subject, world), value_of(prefixes, world)
            return None if text is None else text.startswith(tuple(known))
        case Size(operand):
            counted = value_of(operand, world)
            return None if counted is None else Fraction(len(counted))
        case Lookup():
            return _looked_up(expr, world)
        case _:
            return _read(expr, world)


def _read(expr: Expr, world: World) -> Any:
    match expr:
        case Literal(value):
            return exact(value)
        case FactRef(name):
            return world.facts.get(name)
        case OrEmpty(name):
            return world.facts.get(name, "")
        case ItemRef(variable, ""):
            return world.items[variable]
        case ItemRef(variable, name):
            return world.items[variable].get(name)
        case ParamRef(name):
            return world.params[name]
        case Tables():
            return world.tables
        case TenantName():
            return world.tenant
        case Now():
            return Fraction(world.now_ns, _NS)
        case _:
            raise NotImplementedError(f"no meaning is written for {type(expr).__name__}")


def _all(outcomes: Iterable[bool | None]) -> bool | None:
    seen = list(outcomes)
    if False in seen:
        return False
    return None if None in seen else True


def _any(outcomes: Iterable[bool | None]) -> bool | None:
    seen = list(outcomes)
    if True in seen:
        return True
    return None if None in seen else False


def _not(outcome: bool | None) -> bool | None:
    return None if outcome is None else not outcome


def _quantified(expr: Quantifier, world: World) -> bool | None:
    items = world.facts.get(expr.collection.name)
    if items is None:
        return None
    outcomes = (
        value_of(expr.body, replace(world, items={**world.items, expr.variable: item}))
        for item in items
    )
    return _any(outcomes) if expr.kind is QuantifierKind.EXISTS else _all(outcomes)


def _compare(op: CompareOp, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    assert type(left) is type(right), f"a comparison of {left!r} with {right!r}"
    match op:
        case CompareOp.EQ:
            return bool(left == right)
        case CompareOp.NE:
            return bool(left != right)
        case CompareOp.LT:
            return bool(left < right)
        case CompareOp.LE:
            return bool(left <= right)
        case CompareOp.GT:
            return bool(left > right)
        case CompareOp.GE:
            return bool(left >= right)


def _calculate(op: ArithmeticOp, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    if left is None or right is None:
        return None
    match op:
        case ArithmeticOp.ADD:
            return left + right
        case ArithmeticOp.SUB:
            return left - right
        case ArithmeticOp.MUL:
            return left * right


def _member(item: Any, collection: Any) -> bool | None:
    if item is None or collection is None:
        return None
    return any(type(one) is type(item) and one == item for one in collection)


def _string_test(op: StringTestOp, subject: str | None, argument: str | None) -> bool | None:
    if subject is None or argument is None:
        return None
    match op:
        case StringTestOp.STARTS_WITH:
            return subject.startswith(argument)
        case StringTestOp.ENDS_WITH:
            return subject.endswith(argument)
        case StringTestOp.CONTAINS:
            return argument in subject


def _looked_up(expr: Lookup, world: World) -> Any:
    """Follow the keys; a row that is not there gives the default, a key that is unknown nothing."""
    keys = [value_of(key, world) for key in expr.keys]
    if None in keys:
        return None
    place = value_of(expr.table, world)
    for key in keys:
        if not isinstance(place, Mapping) or key not in place:
            return exact(expr.default.value)
        place = place[key]
    return place
