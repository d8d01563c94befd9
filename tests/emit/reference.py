"""What a decision must be, told from the IR alone, for a request without tokens or exceptions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.emit.kleene import UNKNOWN, Given, outcome

from ringfence.ir.expression import And, Derived, Expr, FactRef, OrEmpty, Quantifier
from ringfence.ir.logic import children
from ringfence.ir.rule import Action, PointProgram, Rule
from ringfence.ir.schema import Fact, FactSource, FactType, Scalar

__all__ = ["Expected", "Raw", "expect"]

_INTEGER = re.compile(r"-?[0-9]{1,15}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Raw:
    """A number by its JSON text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A decision, as far as rules decide it: reasons are (rule, clause, action)."""

    evaluated: bool
    action: str
    reasons: frozenset[tuple[str, int, str]]
    unknown: frozenset[str]


def expect(
    program: PointProgram,
    own: Sequence[Rule],
    *,
    params: Mapping[str, Any],
    request: Mapping[str, Any],
    now: int,
) -> Expected:
    """Return the decision at level `enforce`; `now` is in nanoseconds since the epoch."""
    facts = {fact.name: _fact(fact, request["facts"]) for fact in program.point.facts}
    bad = {f.name for f in program.point.facts if f.required and facts[f.name] is _ABSENT}
    if bad:
        reason = ("facts.required", 1, "block")
        return Expected(
            evaluated=False, action="block", reasons=frozenset({reason}), unknown=frozenset(bad)
        )
    given = Given(
        facts={name: value for name, value in facts.items() if value is not _ABSENT},
        params=params,
        derived=dict(program.derived),
        tenant=request["tenant"],
        now=now,
    )
    hits = [hit for rule in (*program.rules, *own) if (hit := _hit(rule, given))]
    named = dict(program.derived)
    optional = {fact.name for fact in program.point.facts if not fact.required}
    unknown = {
        name
        for rule, _, _ in hits
        for name in _reads(rule.require, named)
        if name in optional and name not in given.facts
    }
    ranks = [action.rank for _, _, action in hits]
    return Expected(
        evaluated=True,
        action=str(tuple(Action)[max(ranks, default=0)]),
        reasons=frozenset(
            (rule.id, clause, str(action))
            for rule, clause, action in hits
            if rule.otherwise is not Action.ALLOW
        ),
        unknown=frozenset(unknown),
    )


def _hit(rule: Rule, given: Given) -> tuple[Rule, int, Action] | None:
    """Return a violated rule with its first clause that is not shown, and its action."""
    found = outcome(rule.require, given)
    if outcome(rule.where, given) is not True or found is True:
        return None
    clauses = rule.require.operands if isinstance(rule.require, And) else (rule.require,)
    number = next(n for n, clause in enumerate(clauses, 1) if outcome(clause, given) is not True)
    may_be_milder = rule.otherwise is not Action.ALLOW
    action = rule.if_unknown if found is UNKNOWN and may_be_milder else rule.otherwise
    return rule, number, action


def _reads(expr: Expr, named: Mapping[str, Expr]) -> Iterator[str]:
    match expr:
        case FactRef(name) | OrEmpty(name):
            yield name
        case Derived(name):
            yield from _reads(named[name], named)
        case Quantifier(_, collection, _, body):
            yield collection.name
            yield from _reads(body, named)
        case _:
            for child in children(expr):
                yield from _reads(child, named)


def _fact(fact: Fact, facts: Any) -> Any:
    """Return a fact's value, or that it is absent: missing, mistyped, or an attested one without token."""
    if fact.source is FactSource.ATTESTED:
        return _ABSENT
    for part in fact.path:
        facts = facts.get(part, _ABSENT) if isinstance(facts, Mapping) else _ABSENT
    return _typed(fact.type, facts)


def _typed(kind: FactType, value: Any) -> Any:
    if not kind.is_list:
        return _scalar(kind, value)
    if not isinstance(value, list) or len(value) > kind.max_items:
        return _ABSENT
    items = [_record(kind, item) if kind.is_records else _scalar(kind, item) for item in value]
    return _ABSENT if any(item is _ABSENT for item in items) else items


def _record(kind: FactType, item: Any) -> Any:
    if not isinstance(item, Mapping):
        return _ABSENT
    record = {}
    for one in kind.fields:
        value = _scalar(one.type, item.get(one.name, _ABSENT))
        if value is not _ABSENT:
            record[one.name] = value
        elif one.required or (one.name in item and not _means_missing(one.type, item[one.name])):
            return _ABSENT
    return record


def _means_missing(kind: FactType, value: Any) -> bool:
    """Tell whether a value is the one outside the type's domain that stands for missing."""
    missing = kind.minimum - 1 if kind.scalar.is_number else ""
    return type(value) is type(missing) and bool(value == missing)


def _scalar(kind: FactType, value: Any) -> Any:
    match kind.scalar:
        case Scalar.BOOLEAN:
            return value if isinstance(value, bool) else _ABSENT
        case Scalar.STRING:
            return value if isinstance(value, str) and value else _ABSENT
        case Scalar.ENUM:
            return value if isinstance(value, str) and value in kind.values else _ABSENT
        case _:
            return _number(kind, value)


def _number(kind: FactType, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, Raw)):
        return _ABSENT
    text = value.text if isinstance(value, Raw) else str(value)
    form = _DECIMAL if kind.scalar is Scalar.DECIMAL else _INTEGER
    if not form.match(text):
        return _ABSENT
    number = Decimal(text) if kind.scalar is Scalar.DECIMAL else int(text)
    return number if kind.minimum <= number <= kind.maximum else _ABSENT
