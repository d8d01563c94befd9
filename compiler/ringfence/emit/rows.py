"""The data of rules: one row each, read only after a hit."""

from collections.abc import Mapping

from ringfence.emit.vector import is_ambiguous
from ringfence.ir.expression import Expr
from ringfence.ir.logic import reads
from ringfence.ir.rule import Rule
from ringfence.ir.schema import DecisionPoint, FactType

__all__ = ["row", "schema"]


def row(
    rule: Rule, *, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...]
) -> dict[str, object]:
    """Return what the kernel needs to know of a rule once it is violated."""
    optional = {fact.name for fact in point.facts if not fact.required}
    return {
        "action": str(rule.otherwise),
        "rank": rule.otherwise.rank,
        "unknown_rank": rule.if_unknown.rank,
        "ambiguous": is_ambiguous(rule, point, derived),
        "format": _format(rule.message.parts),
        "arguments": [_reference(name, point) for name in rule.message.references],
        "fix": rule.fix,
        "docs": rule.docs,
        "escalate_to": rule.escalate_to,
        "controls": list(rule.controls),
        "category": str(rule.category),
        "waivable": rule.waivable,
        "approvable": rule.approvable,
        "invariant": rule.invariant,
        "reads": sorted(optional.intersection(reads(rule.require, derived))),
        "obligations": [
            {name: _resolvable(value, point) for name, value in obligation.members}
            for obligation in rule.obligations
        ],
    }


def _format(parts: tuple[str, ...]) -> str:
    return "%v".join(part.replace("%", "%%") if len(parts) > 1 else part for part in parts[::2])


def _reference(name: str, point: DecisionPoint) -> list[str]:
    root, _, rest = name.partition(".")
    match root:
        case "facts":
            return ["facts", *rest.split(".")]
        case "params":
            return ["params", point.key, rest]
        case "derived":
            return ["derived", rest]
        case _:
            return ["tenant"]


def _resolvable(value: object, point: DecisionPoint) -> object:
    if isinstance(value, Mapping) and "lookup" in value:
        return {"lookup": [point.key, *value["lookup"]]}
    if isinstance(value, Mapping) and "derived" in value:
        return {"derived": [point.key, value["derived"]]}
    return value


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
            field.name: {"required": field.required, "type": _type(field.type)}
            for field in kind.fields
        }
        return {"fields": fields, "max_items": kind.max_items}
    many = {"many": True, "max_items": kind.max_items} if kind.many else {}
    limits = {"minimum": kind.minimum, "maximum": kind.maximum} if kind.scalar.is_number else {}
    values = {"values": list(kind.values)} if kind.values else {}
    return {"scalar": str(kind.scalar), **values, **limits, **many}
