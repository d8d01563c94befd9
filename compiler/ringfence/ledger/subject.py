"""What the index reads of a record: which decision, trace and run it is about, and who delivered it."""

import hashlib
from typing import Any, NamedTuple

import orjson

from ringfence.evidence.records import Record, RecordKind, make_record

__all__ = ["Subject", "attributed"]

_MOST = 256


class Subject(NamedTuple):
    """The ids that a record names; empty where it names none that is a text of at most 256 characters.

    `principal` is who delivered a decision, as the collector has authenticated it.
    """

    kind: str
    principal: str
    tenant: str
    decision_id: str
    trace_id: str
    run_id: str
    other: bytes = b""

    @property
    def key(self) -> bytes | None:
        """Return what a decision is known by: principal and id; None for what may stand twice."""
        if self.kind != "decision" or not self.decision_id:
            return None
        return decision_key(self.principal, self.decision_id)

    @classmethod
    def of(cls, record: Record) -> "Subject":
        """Read a record."""
        body = orjson.loads(record.data)["body"]
        kind = record.kind.value
        return cls(
            kind,
            _text(body.get("principal")),
            _text(body.get("tenant")),
            _text(body.get("decision_id")),
            _text(body.get("trace_id")),
            _text(body.get("run_id")),
            _hash(body.get("other")) if kind == "conflict" else b"",
        )


def decision_key(principal: str, decision_id: str) -> bytes:
    """Return what is one a principal and decision id; no other pair has the same."""
    name = principal.encode()
    return hashlib.sha256(len(name).to_bytes(4) + name + decision_id.encode()).digest()


def attributed(record: Record, *, principal: str) -> Record:
    """Return the decision's record with who delivered it; raise EvidenceError where it grows too large.

    A caller knows its decision's id and could upload a forgery first, under its own name. With the
    deliverer in the record, the forgery stands beside the decision and not in its place.
    """
    if record.kind is not RecordKind.DECISION:
        return record
    return make_record(record.kind, {**record.body, "principal": principal})


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _MOST else ""


def _hash(value: Any) -> bytes:
    try:
        return bytes.fromhex(value)[:32]
    except (TypeError, ValueError):
        return b""
