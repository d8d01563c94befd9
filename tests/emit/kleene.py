"""The meaning of the IR, written directly: three-valued logic over facts that may be missing.

It shares nothing with the compiler but the tree itself: `ringfence.ir.logic` and `ringfence.emit` are
what it guards.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

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
    TenantName,
)

__all__ = ["UNKNOWN", "Given", "outcome"]


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()

_COMPARE: Mapping[CompareOp, Callable[[Any, Any], bool]] = {
    CompareOp.EQ: operator.eq,
    CompareOp.NE: operator.ne,
    CompareOp.LT: operator.lt,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.GE: operator.ge,
}
_CALCULATE: Mapping[ArithmeticOp, Callable[[Any, Any], Any]] = {
    ArithmeticOp.ADD: operator.add,
    ArithmeticOp.SUB: operator.sub,
    ArithmeticOp.MUL: operator.mul,
}
_TEST: Mapping[StringTestOp, Callable[[str, str], bool]] = {
    StringTestOp.STARTS_WITH: str.startswith,
    StringTestOp.ENDS_WITH: str.endswith,
    StringTestOp.CONTAINS: operator.contains,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an expression reads. Facts and fields that are missing or mistyped are not there at all.

    `now` is in nanoseconds since the epoch.
    """

    facts: Mapping[str, Any]
    params: Mapping[str, Any]
    derived: Mapping[str, Expr]
    tenant: str
    now: int
    items: Mapping[str, Any] = field(default_factory=dict)


def outcome(expr: Expr, given: Given) -> Any:
    """Return the value of an expression, UNKNOWN where a fact that it needs is not there."""
    match expr:
        case And(operands):
            return _all([outcome(one, given) for one in operands])
        case Or(operands):
            return _negated(_all([_negated(outcome(one, given)) for one in operands]))
        case Not(operand):
            return _negated(outcome(operand, given))
        case IfElse(condition, then, otherwise):
            asked = outcome(condition, given)
            return UNKNOWN if asked is UNKNOWN else outcome(then if asked else otherwise, given)
        case Has(FactRef(name)):
            return name in given.facts
        case Has(ItemRef(variable, name)):
            return name in given.items[variable]
        case Quantifier(kind, collection, variable, body):
            items = outcome(collection, given)
            if items is UNKNOWN:
                return UNKNOWN
            found = [
                outcome(body, replace(given, items={**given.items, variable: item}))
                for item in items
            ]
            if kind is QuantifierKind.ALL:
                return _all(found)
            return _negated(_all([_negated(one) for one in found]))
        case _:
            return _value(expr, given)


def _all(outcomes: list[Any]) -> Any:
    if any(one is False for one in outcomes):
        return False
    return UNKNOWN if any(one is UNKNOWN for one in outcomes) else True


def _negated(one: Any) -> Any:
    return UNKNOWN if one is UNKNOWN else not one


def _value(expr: Expr, given: Given) -> Any:
    match expr:
        case Literal(value):
            return value
        case FactRef(name):
            return given.facts.get(name, UNKNOWN)
        case OrEmpty(name):
            return given.facts.get(name, "")
        case ItemRef(variable, name):
            item = given.items[variable]
            return item.get(name, UNKNOWN) if name else item
        case ParamRef(name):
            return given.params[name]
        case Derived(name):
            return outcome(given.derived[name], given)
        case TenantName():
            return given.tenant
        case Compare(op, left, right) if _reads_clock(left) or _reads_clock(right):
            return _apply(_COMPARE[op], _nanoseconds(left, given), _nanoseconds(right, given))
        case Compare(op, left, right):
            return _apply(_COMPARE[op], outcome(left, given), outcome(right, given))
        case Arithmetic(op, left, right):
            return _apply(_CALCULATE[op], outcome(left, given), outcome(right, given))
        case Member(item, collection):
            return _apply(lambda a, b: a in b, outcome(item, given), outcome(collection, given))
        case StringTest(op, subject, argument):
            return _apply(_TEST[op], outcome(subject, given), outcome(argument, given))
        case Matches(subject, pattern):
            return _apply(lambda text: bool(re2.search(pattern, text)), outcome(subject, given))
        case AnyPrefix(subject, prefixes):
            known = tuple(given.params[prefixes.name])
            return _apply(lambda text: text.startswith(known), outcome(subject, given))
        case Size(operand):
            return _apply(len, outcome(operand, given))
        case Lookup(table, keys, default):
            found: Any = outcome(table, given)
            for key in keys:
                at = outcome(key, given)
                if at is UNKNOWN:
                    return UNKNOWN
                found = found.get(at) if isinstance(found, Mapping) else None
            return default.value if found is None else found
        case _:
            raise AssertionError(f"no meaning for {expr!r}")


def _apply(function: Callable[..., Any], *arguments: Any) -> Any:
    return UNKNOWN if any(one is UNKNOWN for one in arguments) else function(*arguments)


def _reads_clock(expr: Expr) -> bool:
    match expr:
        case Now():
            return True
        case Arithmetic(_, left, right):
            return _reads_clock(left) or _reads_clock(right)
        case _:
            return False


def _nanoseconds(expr: Expr, given: Given) -> Any:
    match expr:
        case Now():
            return given.now
        case Arithmetic(op, left, right) if _reads_clock(expr):
            return _apply(_CALCULATE[op], _nanoseconds(left, given), _nanoseconds(right, given))
        case _:
            return _apply(lambda seconds: seconds * 10**9, outcome(expr, given))
