"""Records: what a leaf of the log holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError, VerifyError

__all__ = [
    "MAX_RECORD",
    "VERSION",
    "Record",
    "RecordKind",
    "ids_of",
    "make_record",
    "read_record",
    "record_end",
]

MAX_RECORD: Final = 65_535
"""Bytes of a record: C2SP tlog-tiles stores the length of an entry in 16 bits."""

VERSION: Final = 1
"""The version of every kind of record."""

_IDS: Final = ("principal", "tenant", "decision_id", "other")


class RecordKind(StrEnum):
    """What a record is about; the list is closed."""

    DECISION = "decision"
    RUN = "run"
    APPROVAL = "approval"
    EXCEPTION = "exception"
    REVIEW = "review"
    EXPLANATION = "explanation"
    LINEAGE = "lineage"
    GAP = "gap"
    CONFLICT = "conflict"
    KEY_EVENT = "key_event"
    RETENTION_EVENT = "retention_event"
    EXPORT_EVENT = "export_event"
    CHANGE = "change"


def record_end(kind: RecordKind) -> bytes:
    """Return how the bytes of every record of a kind end, by which it is told without being read."""
    return b',"kind":"%b","version":%d}' % (kind.value.encode(), VERSION)


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its kind, and the bytes that are hashed and stored.

    `ids` are members of the body by name, as they stand in the bytes, where the record was made here:
    whoever indexes it need not read it again.
    """

    kind: RecordKind
    data: bytes
    ids: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """Parse the body."""
        body: dict[str, Any] = orjson.loads(self.data)["body"]
        return body


def make_record(kind: RecordKind, body: Mapping[str, Any]) -> Record:
    """Return a record in its envelope; raise EvidenceError where it is too large or not canonical."""
    data = canonical_bytes({"body": dict(body), "kind": kind.value, "version": VERSION})
    if len(data) > MAX_RECORD:
        raise EvidenceError("RF910", f"a record is over {MAX_RECORD} bytes")
    return Record(kind, data, ids_of(body))


def ids_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a body by which it is indexed, and nothing that the body is made of.

    A dict of texts alone is none of the garbage collector's business, which matters by the thousand.
    """
    return {name: body[name] for name in _IDS if name in body}


def read_record(data: bytes) -> Record:
    """Return the record of stored bytes, which are kept as they are; raise VerifyError."""
    if len(data) > MAX_RECORD:
        raise VerifyError("RF925", f"a record is over {MAX_RECORD} bytes")
    if b"\n" in data:  # which JSON allows between members, and a file of lines does not
        raise VerifyError("RF925", "a record is not one line")
    try:
        envelope = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise VerifyError("RF925", "a record is not JSON") from None
    if not isinstance(envelope, dict) or set(envelope) != {"body", "kind", "version"}:
        raise VerifyError("RF925", "a record has no envelope")
    version = envelope["version"]
    if not isinstance(envelope["body"], dict) or type(version) is not int or version != VERSION:
        raise VerifyError("RF925", "a record has an unknown version")
    try:
        return Record(RecordKind(envelope["kind"]), data)
    except ValueError:
        raise VerifyError("RF925", "a record has an unknown kind") from None
