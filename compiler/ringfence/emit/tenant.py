"""One tenant's share of a bundle: data, and the modules of its own rules."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    """What one tenant adds to a bundle, its data as JSON text (`json_bytes`), ready to be joined.

    `params` and `sources` are by decision point's key; `lists` maps (key, name) written `key/name`
    to a module's text; `rows` maps a digest to the rows of one list, `tables` one to a shared table.
    """

    name: str
    about: bytes
    params: Mapping[str, bytes]
    sources: Mapping[str, bytes]
    lists: Mapping[str, str]
    rows: Mapping[str, bytes]
    tables: Mapping[str, bytes] = field(default_factory=dict)


def emit_tenant(
    tenant: TenantProgram, *, points: Mapping[str, PointProgram], known: dict[str, str]
) -> TenantUnit:
    """Emit a tenant's parameters and own rules.

    `known` are the modules of lists that were emitted before, by `key/name`; new ones are added.
    """
    params: dict[str, bytes] = {}
    sources: dict[str, bytes] = {}
    lists: dict[str, str] = {}
    rows: dict[str, bytes] = {}
    for point, values in tenant.params.items():
        program = points[point]
        own = [rule for rule in tenant.rules if rule.point == point]
        entry: dict[str, object] = {name: _plain(value) for name, value in values.items()}
        entry |= {"list": "", "ids": [], "rows": "", "numbers": {}}
        if own:
            name, more = _own(own, program, known=known, rows=rows)
            lists[name] = known[name]
            entry |= more
        key = program.point.key
        params[key] = json_bytes(entry)
        spans = tenant.sources.get(point, {})
        sources[key] = json_bytes({rule: _source(span) for rule, span in spans.items()})
    return TenantUnit(
        name=tenant.name,
        about=json_bytes({"wave": tenant.wave, "escalate_to": tenant.escalate_to}),
        params=params,
        sources=sources,
        lists=lists,
        rows=rows,
        tables={digest: json_bytes(_plain(table)) for digest, table in tenant.tables.items()},
    )


def _own(
    rules: list[Rule],
    program: PointProgram,
    *,
    known: dict[str, str],
    rows: dict[str, bytes],
) -> tuple[str, dict[str, object]]:
    lifted, numbers = lift(rules)
    point, derived = program.point, program.derived
    name = list_name(lifted, point=point)
    if f"{point.key}/{name}" not in known:
        known[f"{point.key}/{name}"] = emit_list(_nameless(lifted), point=point, derived=derived)
    entries = json_bytes([row(rule, point=point, derived=derived) for rule in rules])
    digest = "r_" + hashlib.sha256(entries).hexdigest()[:16]
    rows[digest] = entries
    entry: dict[str, object] = {
        "list": name,
        "ids": [rule.id for rule in rules],
        "rows": digest,
        # By name, since OPA makes a whole list of a document for one of its items.
        "numbers": {str(place): _plain(number) for place, number in enumerate(numbers)},
    }
    return f"{point.key}/{name}", entry


def _nameless(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Drop what tells one tenant's rules from another's: a module that several share names none."""
    return tuple(
        replace(rule, id=f"own.{place}", span=Span("<own>", place + 1))
        for place, rule in enumerate(rules)
    )


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
    # A copy, since orjson leaves its bytes in a buffer of several times their size.
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)))
