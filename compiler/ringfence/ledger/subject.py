"""What the index reads of a record: which decision, trace and run it is about, and who delivered it."""

import hashlib
from typing import Any, NamedTuple

import orjson

from ringfence.evidence.records import Record, RecordKind

__all__ = ["Subject", "decision_key"]

_MOST = 256


class Subject(NamedTuple):
    """The ids that a record names; empty where it names none that is a text of at most 256 characters.

    `principal` is who delivered a decision, as the collector has authenticated it. A caller knows its
    decision's id and could upload a forgery first: that one then stands beside the decision, and not in
    its place. `key` is principal and id of a decision, which stands once; empty for all others.
    """

    kind: str
    key: bytes
    principal: str
    tenant: str
    decision_id: str
    trace_id: str
    run_id: str
    other: bytes

    @classmethod
    def of(cls, record: Record) -> "Subject":
        """Read a record."""
        kind, get = record.kind, orjson.loads(record.data)["body"].get
        principal, decision_id = _text(get("principal")), _text(get("decision_id"))
        once = kind is RecordKind.DECISION and decision_id
        return cls(
            kind.value,
            decision_key(principal, decision_id) if once else b"",
            principal,
            _text(get("tenant")),
            decision_id,
            _text(get("trace_id")),
            _text(get("run_id")),
            _hash(get("other")) if kind is RecordKind.CONFLICT else b"",
        )


def decision_key(principal: str, decision_id: str) -> bytes:
    """Return what is one a principal and decision id; no other pair has the same."""
    name = principal.encode()
    return hashlib.sha256(len(name).to_bytes(4) + name + decision_id.encode()).digest()


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _MOST else ""


def _hash(value: Any) -> bytes:
    try:
        return bytes.fromhex(value)[:32]
    except (TypeError, ValueError):
        return b""
