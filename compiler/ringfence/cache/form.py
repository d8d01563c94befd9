"""How what is known of a tenant is written into the cache, and read from it again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ringfence.emit.tenant import TenantUnit, json_bytes
from ringfence.errors import Diagnostic, Severity, Span
from ringfence.lower.head import Citation, RuleHead, TenantHead

__all__ = [
    "Outline",
    "Share",
    "read_outline",
    "read_share",
    "read_unit",
    "shared_parts",
    "write_outline",
    "write_share",
    "write_unit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a tenant's documents are, whatever the platform says.

    `apart` are the files of documents that are not lowered; `named` are files that documents name.
    """

    apart: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a tenant's documents come to under a platform: its head, and all that is wrong with them."""

    head: TenantHead
    diagnostics: tuple[Diagnostic, ...]


def write_outline(outline: Outline) -> bytes:
    """Return an outline as JSON."""
    return json_bytes([outline.apart, outline.named])


def read_outline(raw: bytes) -> Outline:
    """Return the outline that JSON holds."""
    apart, named = orjson.loads(raw)
    return Outline(apart=tuple(apart), named=tuple(named))


def write_share(share: Share) -> bytes:
    """Return a share as JSON."""
    head = share.head
    rules = [list(rule) for rule in head.rules]
    diagnostics = [_diagnostic(one) for one in share.diagnostics]
    citations = [list(one) for one in head.citations]
    return json_bytes([head.name, head.wave, head.documents, rules, citations, diagnostics])


def _diagnostic(one: Diagnostic) -> list[object]:
    span = one.span
    place = [span.file, span.line, span.column, span.end_line, span.end_column]
    return [one.code, place, one.message, one.help, one.severity]


def read_share(raw: bytes) -> Share:
    """Return the share that JSON holds."""
    name, wave, documents, rules, citations, diagnostics = orjson.loads(raw)
    return Share(
        head=TenantHead(
            name=name,
            wave=wave,
            documents=documents,
            rules=tuple(map(RuleHead._make, rules)),
            citations=tuple(map(Citation._make, citations)),
        ),
        diagnostics=tuple(
            Diagnostic(code, Span(*place), message, hint, Severity(severity))
            for code, place, message, hint, severity in diagnostics
        ),
    )


def shared_parts(unit: TenantUnit) -> dict[str, bytes]:
    """Return the parts of a unit that tenants share, by name: modules of lists, and tables."""
    modules = {name: text.encode() for name, text in unit.lists.items()}
    return {**modules, **unit.tables}


def write_unit(unit: TenantUnit, *, parts: Mapping[str, bytes]) -> bytes:
    """Return a unit: the length of a header, the header, and the pieces of JSON as they are.

    `parts` maps the names of shared parts to the keys under which they are kept.
    """
    groups = [unit.params, unit.sources, unit.rows]
    header = [
        unit.name,
        len(unit.about),
        *([[name, len(piece)] for name, piece in group.items()] for group in groups),
        [[name, parts[name].hex()] for name in unit.lists],
        [[name, parts[name].hex()] for name in unit.tables],
    ]
    first = json_bytes(header)
    pieces = (piece for group in groups for piece in group.values())
    return b"".join([len(first).to_bytes(4, "big"), first, unit.about, *pieces])


def parts_of(raw: bytes) -> Iterable[bytes]:
    """List the keys of the shared parts that a unit needs."""
    *_, lists, tables = _header(raw)[0]
    return (bytes.fromhex(key) for _, key in (*lists, *tables))


def read_unit(raw: bytes, *, parts: Mapping[bytes, bytes]) -> TenantUnit:
    """Return the unit that bytes hold; raise KeyError where a shared part is missing."""
    (name, about, params, sources, rows, lists, tables), at = _header(raw)

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return raw[at - size : at]

    return TenantUnit(
        name=name,
        about=take(about),
        params={key: take(size) for key, size in params},
        sources={key: take(size) for key, size in sources},
        rows={key: take(size) for key, size in rows},
        lists={key: parts[bytes.fromhex(part)].decode() for key, part in lists},
        tables={key: parts[bytes.fromhex(part)] for key, part in tables},
    )


def _header(raw: bytes) -> tuple[list[Any], int]:
    end = 4 + int.from_bytes(raw[:4], "big")
    return orjson.loads(raw[4:end]), end
