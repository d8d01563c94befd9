"""One tenant's share of a bundle: data, and the modules of its own rules."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import orjson

from ringfence.emit.lift import lift
from ringfence.emit.own import emit_list, list_name
from ringfence.emit.rows import row
from ringfence.errors import Span
from ringfence.ir.rule import Cited, PointProgram, Rule, TenantProgram

__all__ = ["TenantUnit", "emit_tenant", "json_bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantUnit:
    """What one tenant adds to a bundle; JSON-able throughout, so that it can be kept in a cache.

    `params` and `sources` are by decision point's key; `lists` maps (key, name) written `key/name`
    to a module's text; `rows` maps a digest to the rows of one list, `tables` one to a shared table.
    """

    name: str
    about: Mapping[str, str]
    params: Mapping[str, Mapping[str, object]]
    sources: Mapping[str, Mapping[str, object]]
    lists: Mapping[str, str]
    rows: Mapping[str, list[object]]
    rule_ids: tuple[str, ...]
    tables: Mapping[str, object] = field(default_factory=dict)


def emit_tenant(tenant: TenantProgram, *, points: Mapping[str, PointProgram]) -> TenantUnit:
    """Emit a tenant's parameters and own rules."""
    params: dict[str, dict[str, object]] = {}
    sources: dict[str, dict[str, object]] = {}
    lists: dict[str, str] = {}
    rows: dict[str, list[object]] = {}
    for point, values in tenant.params.items():
        program = points[point]
        own = [rule for rule in tenant.rules if rule.point == point]
        entry: dict[str, object] = {name: _plain(value) for name, value in values.items()}
        entry |= {"list": "", "ids": [], "rows": "", "numbers": []}
        if own:
            entry |= _own(own, program, lists=lists, rows=rows)
        key = program.point.key
        params[key] = entry
        sources[key] = {rule: _source(span) for rule, span in tenant.sources.get(point, {}).items()}
    return TenantUnit(
        name=tenant.name,
        about={"wave": tenant.wave, "escalate_to": tenant.escalate_to},
        params=params,
        sources=sources,
        lists=lists,
        rows=rows,
        rule_ids=tuple(rule.id for rule in tenant.rules),
        tables={digest: _plain(table) for digest, table in tenant.tables.items()},
    )


def _own(
    rules: list[Rule],
    program: PointProgram,
    *,
    lists: dict[str, str],
    rows: dict[str, list[object]],
) -> dict[str, object]:
    lifted, numbers = lift(rules)
    point, derived = program.point, program.derived
    name = list_name(lifted, point=point)
    if f"{point.key}/{name}" not in lists:
        lists[f"{point.key}/{name}"] = emit_list(lifted, point=point, derived=derived)
    entries: list[object] = [row(rule, point=point, derived=derived) for rule in rules]
    digest = "r_" + hashlib.sha256(json_bytes(entries)).hexdigest()[:16]
    rows[digest] = entries
    ids = [rule.id for rule in rules]
    return {"list": name, "ids": ids, "rows": digest, "numbers": [_plain(n) for n in numbers]}


def _source(span: Span | Cited) -> object:
    if isinstance(span, Span):
        return str(span)
    return {
        "by": span.fact.split("."),
        "of": {name: str(one) for name, one in span.spans.items()},
    }


def _plain(value: object) -> object:
    """Turn tuples into lists and decimals into exact JSON numbers."""
    match value:
        case Decimal():
            return orjson.Fragment(format(value, "f"))
        case tuple() | list():
            return [_plain(item) for item in value]
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


def json_bytes(value: object) -> bytes:
    """Return compact JSON with sorted keys: the same value gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
