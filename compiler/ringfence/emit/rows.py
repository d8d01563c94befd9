"""What the kernel knows of a rule and of a fact: read only after a hit, or behind the gate."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

from ringfence.emit.clauses import is_ambiguous
from ringfence.emit.gate import missing_value
from ringfence.ir.expression import Expr
from ringfence.ir.logic import reads
from ringfence.ir.rule import Message, Rule
from ringfence.ir.schema import DecisionPoint, Fact, FactSource, FactType

__all__ = ["blank", "row", "schema"]


def row(
    rule: Rule, *, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...]
) -> dict[str, object]:
    """Return what the kernel needs to know of a rule once it is violated."""
    read = reads(rule.require, derived)
    may_be_either = is_ambiguous(rule, point, derived)
    return {
        **({"limits": rule.limits} if rule.limits else {}),
        "action": str(rule.otherwise),
        "rank": rule.otherwise.rank,
        "unknown_rank": (rule.if_unknown if may_be_either else rule.otherwise).rank,
        **_text(rule.message),
        "fix": rule.fix,
        "docs": rule.docs,
        "escalate_to": rule.escalate_to,
        "controls": list(rule.controls),
        "category": str(rule.category),
        "waivable": rule.waivable,
        "approvable": rule.approvable,
        "invariant": rule.invariant,
        "reads": [
            _optional(fact)
            for fact in sorted(point.facts, key=lambda fact: fact.name)
            if fact.name in read and not fact.required
        ],
        "obligations": [
            {name: _resolvable(value, point) for name, value in obligation.members}
            for obligation in rule.obligations
        ],
    }


def _optional(fact: Fact) -> dict[str, object]:
    """Return how the kernel tells whether an optional fact is missing."""
    return {
        "name": fact.name,
        "path": list(fact.path),
        "attested": fact.source is FactSource.ATTESTED,
        "missing": missing_value(fact.type),
    }


def _text(message: Message) -> dict[str, object]:
    """Return a message as a format, the paths of its facts, and its other references in their order.

    Verbs name their argument by number, since facts come first.
    """
    facts = [name for name in message.references if _root(name) == "facts"]
    others = [name for name in message.references if _root(name) != "facts"]
    order = {name: number for number, name in enumerate([*facts, *others], start=1)}
    pieces = [
        f"%[{order[part]}]v" if odd else part.replace("%", "%%")
        for part, odd in zip(message.parts, cycle((False, True)), strict=False)
    ]
    return {
        "format": "".join(pieces),
        "facts": [name.split(".")[1:] for name in facts],
        "others": [name.split(".", 1) for name in others],
    }


def _root(reference: str) -> str:
    return reference.partition(".")[0]


def _resolvable(value: object, point: DecisionPoint) -> object:
    if isinstance(value, Mapping) and "lookup" in value:
        return {"lookup": [point.key, *value["lookup"]]}
    if isinstance(value, Mapping) and "derived" in value:
        return {"derived": [point.key, value["derived"]]}
    return value


def blank(point: DecisionPoint) -> dict[str, object]:
    """Return the decision point's optional facts, each with the value that stands for missing."""
    facts: dict[str, Any] = {}
    for fact in point.facts:
        if not fact.required:
            *parents, last = fact.path
            place = facts
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = missing_value(fact.type)
    return facts


def schema(point: DecisionPoint) -> dict[str, object]:
    """Return the decision point's facts as data, for the exact check behind the gate."""
    return {
        fact.name: {
            "path": list(fact.path),
            "required": fact.required,
            "source": str(fact.source),
            "type": _type(fact.type),
        }
        for fact in point.facts
    }


def _type(kind: FactType) -> dict[str, object]:
    if kind.is_records:
        fields = {
            field.name: {
                "required": field.required,
                "missing": missing_value(field.type),
                "type": _type(field.type),
            }
            for field in kind.fields
        }
        return {"fields": fields, "max_items": kind.max_items}
    many = {"many": True, "max_items": kind.max_items} if kind.many else {}
    limits = {"minimum": kind.minimum, "maximum": kind.maximum} if kind.scalar.is_number else {}
    values = {"values": list(kind.values)} if kind.values else {}
    return {"scalar": str(kind.scalar), **values, **limits, **many}
