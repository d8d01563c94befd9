"""The generated part of the language reference: kinds, decision points, built-in rules."""

from collections.abc import Iterator
from typing import Any

from ringfence.ir.schema import DecisionPoint, Fact, FactType
from ringfence.language.facts import all_points
from ringfence.language.kinds import all_kinds
from ringfence.lower.kinds import all_lowerings

__all__ = ["render_reference"]


def render_reference() -> str:
    """Return the reference as Markdown: the same models that check policies write it."""
    lines = ["## Kinds", ""]
    for name, kind in all_kinds().items():
        lines += [
            f"### {name}",
            "",
            kind.description,
            f"Scopes: {', '.join(sorted(kind.scopes))}.",
            "",
        ]
        lines += ["| field | value | due |", "|---|---|---|"]
        schema = kind.spec.model_json_schema()
        lines += list(_fields(schema, schema.get("$defs", {}), "spec", depth=0))
        lines.append("")
    lines += ["## Decision points", ""]
    for name, point in all_points().items():
        lines += _point(name, point)
    return "\n".join(lines).rstrip() + "\n"


def _fields(
    schema: dict[str, Any], definitions: dict[str, Any], path: str, *, depth: int
) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        due = "yes" if name in schema.get("required", ()) else ""
        inner = _resolved(field, definitions)
        yield f"| `{path}.{name}` | {_value(inner, definitions)} | {due} |"
        nested = _resolved(inner.get("items", inner), definitions)
        if "properties" in nested and depth < 3:
            step = f"{path}.{name}[]" if "items" in inner else f"{path}.{name}"
            yield from _fields(nested, definitions, step, depth=depth + 1)


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = definitions[schema["$ref"].rpartition("/")[2]]
        return found
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _resolved(options[0], definitions) if len(options) == 1 else schema


def _value(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        options = (_value(_resolved(one, definitions), definitions) for one in schema["anyOf"])
        return " or ".join(dict.fromkeys(options))
    if schema.get("type") == "array":
        return f"list of {_value(_resolved(schema.get('items', {}), definitions), definitions)}"
    if schema.get("description") and "properties" not in schema:
        return str(schema["description"])
    kind = schema.get("type", "any")
    return "mapping" if kind == "object" else " or ".join(kind) if isinstance(kind, list) else kind


def _point(name: str, point: DecisionPoint) -> list[str]:
    lines = [f"### {name}", "", point.description]
    lines += [f"Governed by: {', '.join(sorted(point.governed_by))}.", ""]
    lines += ["| fact | type | always present | whose word | meaning |", "|---|---|---|---|---|"]
    lines += [_fact(fact) for fact in point.facts]
    rules = [
        rule for one in all_lowerings().values() if name in one.points for rule in one.rules(name)
    ]
    lines += ["", "| built-in rule | action | what to do |", "|---|---|---|"]
    for rule in rules:
        notes = [
            word
            for word, holds in (
                ("waivable", rule.waivable),
                ("approvable", rule.approvable),
                ("invariant", rule.invariant),
            )
            if holds
        ]
        action = ", ".join([f"`{rule.otherwise}`", *notes])
        lines.append(f"| `{rule.id}` | {action} | {rule.fix} |")
    return [*lines, ""]


def _fact(fact: Fact) -> str:
    due = "yes" if fact.required else ""
    name = f"`{fact.name}`" + (" (bound)" if fact.binds else "")
    return f"| {name} | {_type(fact.type)} | {due} | {fact.source} | {fact.description} |"


def _type(kind: FactType) -> str:
    if kind.is_records:
        fields = ", ".join(
            f"`{one.name}`{'' if one.required else '?'} {_type(one.type)}" for one in kind.fields
        )
        return f"list of records: {fields}"
    text = " < ".join(kind.values) if kind.ordered else ", ".join(kind.values)
    return f"{kind.scalar}: {text}" if text else str(kind.scalar)
