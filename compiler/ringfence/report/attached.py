"""What is recorded about a decision, in lines for people; the values are not escaped here."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ringfence.evidence.attached import Attached
from ringfence.evidence.kinds.explanation import CONFIDENT, needs_oversight
from ringfence.evidence.records import Record, RecordKind

__all__ = ["attached_lines", "record_lines"]


def attached_lines(attached: Attached) -> Iterator[str]:
    """Say each section of a decision: its records, and what of it is not there."""
    for name, held in attached.sections.items():
        yield f"  {name}:"
        for one in held:
            first, *rest = record_lines(one.record)
            yield f"    - {first} (record {one.position})"
            yield from (f"      {line}" for line in rest)
        yield from (f"    - {said}" for said in attached.absent[name])


def record_lines(record: Record) -> tuple[str, ...]:
    """Say what a record about a decision holds; nothing of another kind, or one of another form."""
    said = _SAID.get(record.kind)
    try:
        return tuple(said(record.body)) if said else ()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return ("not of a form that this version knows",)


def _grant(body: Mapping[str, Any]) -> Iterator[str]:
    yield f"{body['id']} by {body['by']} for {body['requester']}"
    yield f"lifts {', '.join(body['rules'])}"
    yield f"from {_date(body['from'])} until {_date(body['until'])}"
    yield f"signed by key {body['kid']}, token SHA-256 {body['token_sha256']}"
    if "reason" in body:
        yield f"reason: {body['reason']}"


def _review(body: Mapping[str, Any]) -> Iterator[str]:
    yield f"{body['class']} by {body['reviewer']} at {body['at']}"
    yield from (f"observed {one['name']}: {one['value']}" for one in body["observed"])
    if body["note"] is not None:
        yield f"note: {body['note']}"


def _explanation(body: Mapping[str, Any]) -> Iterator[str]:
    yield f"by {body['by']} at {body['generated_at']}: {body['summary']}"
    if needs_oversight(body):
        yield f"a person has to look at it: a confidence is below {CONFIDENT}"
    for one in body["factors"]:
        yield (
            f"factor {one['name']}: weight {one['weight']}, contribution {one['contribution']}, "
            f"confidence {one['confidence']}; {one['evidence']}"
        )


def _lineage(body: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{body['lineage_id']}: {body['operation']} of {body['subject_type']} "
        f"{body['subject_id']} at {body['recorded_at']}"
    )
    for name, member in (("from", "input_refs"), ("to", "output_refs")):
        yield f"{name} {', '.join(body[member]) or 'nothing'}"
    if body["parent_lineage_ids"]:
        yield f"follows {', '.join(body['parent_lineage_ids'])}"


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_SAID: Final[Mapping[RecordKind, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    RecordKind.APPROVAL: _grant,
    RecordKind.EXCEPTION: _grant,
    RecordKind.REVIEW: _review,
    RecordKind.EXPLANATION: _explanation,
    RecordKind.LINEAGE: _lineage,
}
