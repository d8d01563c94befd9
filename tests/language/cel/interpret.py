"""A plain evaluator of expressions for the tests: true, false, or None for not known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import re2

from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    Compare,
    Expr,
    FactRef,
    Has,
    IfElse,
    ItemRef,
    Literal,
    Matches,
    Member,
    Not,
    Now,
    Or,
    ParamRef,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    StringTestOp,
    TenantName,
)

__all__ = ["Request", "outcome"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a condition is evaluated on; `facts` by dotted name, without the missing ones."""

    facts: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=dict)
    tenant: str = "acme"
    now: int = 1_780_000_000
    item: Any = None


def outcome(expr: Expr, request: Request) -> Any:
    """Return the value of an expression, or None where it reads a missing fact."""
    match expr:
        case And(operands):
            return _all(outcome(operand, request) for operand in operands)
        case Or(operands):
            return _negated(_all(_negated(outcome(o, request)) for o in operands))
        case Not(operand):
            return _negated(outcome(operand, request))
        case IfElse(condition, then, otherwise):
            decided = outcome(condition, request)
            return None if decided is None else outcome(then if decided else otherwise, request)
        case Has(operand):
            return outcome(operand, request) is not None
        case Quantifier(kind, collection, _, body):
            return _quantified(kind, outcome(collection, request), body, request)
        case _:
            return _strict(expr, request)


def _all(outcomes: Iterable[bool | None]) -> bool | None:
    seen = set(outcomes)
    return False if False in seen else None if None in seen else True


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _quantified(kind: QuantifierKind, items: Any, body: Expr, request: Request) -> bool | None:
    if items is None:
        return None
    each = [
        outcome(body, Request(**{**vars(request), "item": item}))  # one level: no nesting
        for item in items
    ]
    if kind is QuantifierKind.ALL:
        return _all(each)
    return _negated(_all(map(_negated, each)))


def _strict(expr: Expr, request: Request) -> Any:
    match expr:
        case Literal(value):
            return value
        case FactRef(name):
            return request.facts.get(name)
        case ItemRef(_, name):
            return request.item.get(name) if name else request.item
        case ParamRef(name):
            return request.params[name]
        case TenantName():
            return request.tenant
        case Now():
            return request.now
        case Compare(op, left, right):
            return _lifted(_COMPARE[op.value], left, right, request=request)
        case Arithmetic(op, left, right):
            return _lifted(_ARITHMETIC[op.value], left, right, request=request)
        case Member(item, collection):
            return _lifted(lambda x, many: x in many, item, collection, request=request)
        case StringTest(op, subject, argument):
            return _lifted(_STRING[op], subject, argument, request=request)
        case Matches(subject, pattern):
            return _lifted(
                lambda text: re2.search(pattern, text) is not None, subject, request=request
            )
        case AnyPrefix(subject, prefixes):
            return _lifted(
                lambda text, many: text.startswith(tuple(many)), subject, prefixes, request=request
            )
        case Size(operand):
            return _lifted(len, operand, request=request)
    raise AssertionError(expr)


def _lifted(function: Any, *operands: Expr, request: Request) -> Any:
    values = [outcome(operand, request) for operand in operands]
    return None if any(value is None for value in values) else function(*values)


_COMPARE = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}
_STRING = {
    StringTestOp.STARTS_WITH: str.startswith,
    StringTestOp.ENDS_WITH: str.endswith,
    StringTestOp.CONTAINS: lambda text, part: part in text,
}
