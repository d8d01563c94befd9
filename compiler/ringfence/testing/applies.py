"""Tell whether a rule's `where` holds for a request, so that a rule that never applied is not covered.

A `where` reads always-present facts only, so it has no third outcome. Decisions are OPA's alone: this
serves coverage, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
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

__all__ = ["Request", "value_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an expression reads: facts by dotted name, parameters, derived values, tenant and clock.

    `tables` are the shared ones, by the digest of their content.
    """

    facts: Mapping[str, Any]
    params: Mapping[str, Any]
    derived: Mapping[str, Expr]
    tenant: str
    now: int
    items: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)


def value_of(expr: Expr, request: Request) -> Any:
    """Return the value of an expression whose facts are all there; raises KeyError for one that isn't."""
    match expr:
        case And(operands):
            return all(value_of(one, request) for one in operands)
        case Or(operands):
            return any(value_of(one, request) for one in operands)
        case Not(operand):
            return not value_of(operand, request)
        case IfElse(condition, then, otherwise):
            return value_of(then if value_of(condition, request) else otherwise, request)
        case Compare(op, left, right):
            return _compare(op, value_of(left, request), value_of(right, request))
        case Member(item, collection):
            return value_of(item, request) in value_of(collection, request)
        case StringTest(op, subject, argument):
            return _test(op, value_of(subject, request), value_of(argument, request))
        case Matches(subject, pattern):
            return re2.search(pattern, value_of(subject, request)) is not None
        case AnyPrefix(subject, prefixes):
            return value_of(subject, request).startswith(tuple(value_of(prefixes, request)))
        case Quantifier():
            return _quantified(expr, request)
        case Has(FactRef(name)):
            return name in request.facts
        case Has(ItemRef(variable, name)):
            return name in request.items[variable]
        case _:
            return _term(expr, request)


def _term(expr: Expr, request: Request) -> Any:
    match expr:
        case Literal(value):
            return value
        case FactRef(name):
            return request.facts[name]
        case OrEmpty(name):
            return request.facts.get(name, "")
        case ItemRef(variable, name):
            item = request.items[variable]
            return item[name] if name else item
        case ParamRef(name):
            return request.params[name]
        case Tables():
            return request.tables
        case Derived(name):
            return value_of(request.derived[name], request)
        case TenantName():
            return request.tenant
        case Now():
            return request.now
        case Size(operand):
            return len(value_of(operand, request))
        case Arithmetic(op, left, right):
            return _calculate(op, value_of(left, request), value_of(right, request))
        case Lookup(table, keys, default):
            found = value_of(table, request)
            for key in keys:
                found = found.get(value_of(key, request)) if isinstance(found, Mapping) else None
            return default.value if found is None else found
        case _:
            raise KeyError(f"no value for {expr!r}")


def _compare(op: CompareOp, left: Any, right: Any) -> bool:
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


def _calculate(op: ArithmeticOp, left: int | Decimal, right: int | Decimal) -> Any:
    match op:
        case ArithmeticOp.ADD:
            return left + right
        case ArithmeticOp.SUB:
            return left - right
        case ArithmeticOp.MUL:
            return left * right


def _test(op: StringTestOp, subject: str, argument: str) -> bool:
    match op:
        case StringTestOp.STARTS_WITH:
            return subject.startswith(argument)
        case StringTestOp.ENDS_WITH:
            return subject.endswith(argument)
        case StringTestOp.CONTAINS:
            return argument in subject


def _quantified(expr: Quantifier, request: Request) -> bool:
    outcomes = (
        bool(value_of(expr.body, replace(request, items={**request.items, expr.variable: item})))
        for item in request.facts[expr.collection.name]
    )
    return any(outcomes) if expr.kind is QuantifierKind.EXISTS else all(outcomes)
