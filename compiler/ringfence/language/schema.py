"""JSON Schemas: of policy documents for editors, and of a decision point's requests for callers."""

from collections.abc import Mapping
from typing import Any

from ringfence.ir.schema import MAX_STRING, DecisionPoint, Fact, FactType, Scalar
from ringfence.language.kinds import Kind
from ringfence.language.policy import API_VERSION, Metadata

__all__ = ["document_schema", "request_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return the schema of a policy document: one branch a kind, chosen by `kind`."""
    definitions: dict[str, Any] = {}
    branches = []
    for name, kind in kinds.items():
        spec = _inlined(
            kind.spec.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}"), name, definitions
        )
        branches.append(
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"properties": {"spec": spec}, "description": kind.description},
            }
        )
    metadata = _inlined(
        Metadata.model_json_schema(ref_template="#/$defs/Metadata.{model}"), "Metadata", definitions
    )
    return {
        "$schema": _DIALECT,
        "title": "ringfence policy document",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": list(kinds)},
            "metadata": metadata,
            "spec": {"type": "object"},
        },
        "allOf": branches,
        "$defs": dict(sorted(definitions.items())),
    }


def _inlined(schema: dict[str, Any], name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Move a model's definitions to the document's, and leave the model itself."""
    for inner, one in schema.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = one
    return schema


def request_schema(point: DecisionPoint) -> dict[str, Any]:
    """Return the schema of a request at a decision point, as callers send it."""
    return {
        "$schema": _DIALECT,
        "title": point.name,
        "description": point.description,
        "type": "object",
        "required": ["point", "tenant", "facts"],
        "properties": {
            "point": {"const": point.name},
            "tenant": {"type": "string"},
            "facts": _object(point.facts, ()),
            "approvals": {"type": "array", "items": {"type": "string"}, "maxItems": 16},
            "attestations": {"type": "array", "items": {"type": "string"}, "maxItems": 16},
            "trace_id": {"type": "string"},
        },
    }


def _object(facts: tuple[Fact, ...], prefix: tuple[str, ...]) -> dict[str, Any]:
    depth = len(prefix)
    properties: dict[str, Any] = {}
    required = []
    for name in dict.fromkeys(fact.path[depth] for fact in facts):
        inner = tuple(fact for fact in facts if fact.path[depth] == name)
        if any(fact.required for fact in inner):
            required.append(name)
        leaf = next((fact for fact in inner if len(fact.path) == depth + 1), None)
        properties[name] = _fact(leaf) if leaf else _object(inner, (*prefix, name))
    return {"type": "object", "properties": properties, "required": required}


def _fact(fact: Fact) -> dict[str, Any]:
    described = {"description": fact.description} if fact.description else {}
    return {**_type(fact.type), **described}


def _type(kind: FactType) -> dict[str, Any]:
    if kind.is_records:
        item = {
            "type": "object",
            "properties": {field.name: _fact(field) for field in kind.fields},
            "required": [field.name for field in kind.fields if field.required],
        }
        return {"type": "array", "items": item, "maxItems": kind.max_items}
    one = _scalar(kind)
    return {"type": "array", "items": one, "maxItems": kind.max_items} if kind.many else one


def _scalar(kind: FactType) -> dict[str, Any]:
    match kind.scalar:
        case Scalar.BOOLEAN:
            return {"type": "boolean"}
        case Scalar.ENUM:
            return {"enum": list(kind.values)}
        case Scalar.STRING:
            return {"type": "string", "minLength": 1, "maxLength": MAX_STRING}
        case Scalar.DECIMAL:
            return {"type": "number", "minimum": kind.minimum, "maximum": kind.maximum}
        case _:
            return {"type": "integer", "minimum": kind.minimum, "maximum": kind.maximum}
