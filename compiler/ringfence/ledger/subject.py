"""What the index reads of a record: which decision it is about, and who delivered it."""

import functools
import hashlib
from typing import Any, Final, NamedTuple

import orjson

from ringfence.evidence.records import Record, RecordKind
from ringfence.evidence.tree import leaf_hash

__all__ = ["Subject", "decision_key", "decision_prefix"]

_MOST: Final = 256
_PREFIX: Final = 20
_OFTEN: Final = {RecordKind.GAP, RecordKind.CONFLICT, RecordKind.KEY_EVENT}
"""Kinds that the writer itself makes, of which two may say the same and count twice."""


class Subject(NamedTuple):
    """The ids that a record names; empty where it names none that is a text of at most 256 characters.

    `principal` is who delivered a decision, as the collector has authenticated it. A caller knows its
    decision's id and could upload a forgery first: that one then stands beside the decision, and not in
    its place. `key` is that of what stands once: of a decision principal and id, of what others deliver
    the leaf hash, so that the very same bytes are a duplicate; empty for all others.
    """

    kind: RecordKind
    key: bytes
    principal: str
    tenant: str
    decision_id: str
    other: bytes

    @classmethod
    def of(cls, record: Record) -> "Subject":
        """Read a record."""
        kind = record.kind
        get = (orjson.loads(record.data)["body"] if record.ids is None else record.ids).get
        principal, decision_id = _text(get("principal")), _text(get("decision_id"))
        key, other = b"", b""
        if kind is RecordKind.DECISION:
            key = decision_key(principal, decision_id) if decision_id else b""
        elif kind is RecordKind.CONFLICT:
            other = _hash(get("other"))
        elif kind not in _OFTEN or (
            kind is RecordKind.GAP and decision_id
        ):  # a gap of one decision is somebody's finding
            key = leaf_hash(record.data)
        return cls(kind, key, principal, _text(get("tenant")), decision_id, other)


def decision_key(principal: str, decision_id: str) -> bytes:
    """Return what is one a principal and decision id; no leaf hash is it.

    It begins with the hash of the id, so that a decision is found whoever delivered it; the id has more of
    the 32 bytes, since whoever uploads may choose it, and principals are the configuration's.
    """
    return decision_prefix(decision_id) + _suffix(principal)


def decision_prefix(decision_id: str) -> bytes:
    """Return how the keys of all decisions with this id begin."""
    return hashlib.sha256(decision_id.encode()).digest()[:_PREFIX]


@functools.lru_cache(maxsize=1024)
def _suffix(principal: str) -> bytes:
    return hashlib.sha256(principal.encode()).digest()[_PREFIX:]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _MOST else ""


def _hash(value: Any) -> bytes:
    try:
        return bytes.fromhex(value)[:32]
    except (TypeError, ValueError):
        return b""
