"""Records that others make: read from one record's bytes, in the strict form of its kind or not at all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson
from pydantic import BaseModel, ValidationError

from ringfence.change.record import parse_change
from ringfence.errors import UsageError
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.kinds.event import ExportEventForm, RetentionEventForm
from ringfence.evidence.kinds.explanation import ExplanationForm
from ringfence.evidence.kinds.gap import GapForm
from ringfence.evidence.kinds.grant import ApprovalForm, ExceptionForm
from ringfence.evidence.kinds.lineage import LineageForm
from ringfence.evidence.kinds.places import places_of, seen_at_once
from ringfence.evidence.kinds.review import ReviewForm
from ringfence.evidence.kinds.run import RunForm
from ringfence.evidence.records import (
    Record,
    RecordKind,
    ids_of,
    make_record,
    read_record,
    record_end,
)

__all__ = [
    "ABOUT",
    "DELIVERABLE",
    "FORMS",
    "form_record",
    "read_delivered",
    "shared_members",
]

FORMS: Final[Mapping[RecordKind, type[BaseModel]]] = MappingProxyType(
    {
        RecordKind.RUN: RunForm,
        RecordKind.APPROVAL: ApprovalForm,
        RecordKind.EXCEPTION: ExceptionForm,
        RecordKind.REVIEW: ReviewForm,
        RecordKind.EXPLANATION: ExplanationForm,
        RecordKind.LINEAGE: LineageForm,
        RecordKind.GAP: GapForm,
        RecordKind.RETENTION_EVENT: RetentionEventForm,
        RecordKind.EXPORT_EVENT: ExportEventForm,
    }
)
"""The form of each kind that has one here; a change has the forms of results."""

DELIVERABLE: Final = frozenset({*FORMS, RecordKind.CHANGE})
"""The kinds that others make: no decision, which comes in as a log, and nothing of the ledger's own."""

ABOUT: Final = frozenset({RecordKind.REVIEW, RecordKind.EXPLANATION, RecordKind.LINEAGE})
"""The kinds of records that are about a decision, which must be there."""

_START: Final = b'{"body":'
"""How the bytes of every canonical record begin."""

_NOT_CANONICAL: Final = "a record is not in the form of RFC 8785"


def read_delivered(data: bytes) -> Record:
    """Return the record of delivered bytes, which are kept as they are.

    Raise EvidenceError: RF908 where they are no record, not canonical (RFC 8785) or of a kind that
    is not delivered; RF909 where the body has not the form of its kind, with the places in `missing`.
    No value is shown. Nothing is said of who may deliver it, nor of a run's signature.
    """
    try:
        record = read_record(data)
    except VerifyError as error:
        raise _undeliverable(error.message) from None
    end = record_end(record.kind)
    if not data.startswith(_START) or not data.endswith(end):
        raise _undeliverable(_NOT_CANONICAL)
    if record.kind not in DELIVERABLE:
        raise _undeliverable(f"a `{record.kind.value}` is not delivered as a record")
    found = _problems(record, data[len(_START) : -len(end)])
    if found:
        raise EvidenceError(
            "RF909",
            f"the `{record.kind.value}` is not in the form of its kind: {'; '.join(found)}",
            missing=found,
        )
    _require_canonical(data)
    return Record(record.kind, data, ids_of(record.body))


def shared_members(kind: RecordKind) -> tuple[str, ...]:
    """Return the members that a record about a decision has as the decision has them."""
    more = ("action",) if kind is RecordKind.EXPLANATION else ()
    return ("tenant", "trace_id", *more)


def form_record(kind: RecordKind, body: Mapping[str, Any]) -> Record:
    """Return a record of a body in the form of its kind; raise EvidenceError as `read_delivered`."""
    return read_delivered(make_record(kind, body).data)


def _problems(record: Record, body: bytes) -> tuple[str, ...]:
    """Return what is not as its kind has it; before that, canonical bytes of anything could cost much."""
    if record.kind is RecordKind.CHANGE:
        return _change_problems(record)
    try:
        found = seen_at_once(FORMS[record.kind], orjson.loads(body))
        if not found:
            FORMS[record.kind].model_validate_json(body)
    except orjson.JSONDecodeError:  # the envelope has a name twice
        raise _undeliverable(_NOT_CANONICAL) from None
    except ValidationError as error:
        return places_of(error)
    return found


def _change_problems(record: Record) -> tuple[str, ...]:
    try:
        parse_change(record)
    except UsageError as error:
        return (error.message.partition("ringfence: ")[2] or "body: not of the right form",)
    except EvidenceError as error:
        return (error.message,)
    return ()


def _require_canonical(data: bytes) -> None:
    try:
        canonical = canonical_bytes(orjson.loads(data))
    except EvidenceError as error:
        raise _undeliverable(error.message) from None
    if canonical != data:
        raise _undeliverable(_NOT_CANONICAL)


def _undeliverable(problem: str) -> EvidenceError:
    return EvidenceError("RF908", problem)
