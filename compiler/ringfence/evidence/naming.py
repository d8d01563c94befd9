"""Which ids a record names, and which of them lead on to more records."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ringfence.evidence.records import Record, RecordKind

__all__ = ["ids_of", "leads_of"]

_IDS: Final = ("decision_id", "trace_id", "run_id")
_LEADS: Final = ("decision_id", "run_id")
_CHANGE: Final = ("content", "change_ref")
_CHOSEN: Final = ("trace_id", "change_ref")


def ids_of(record: Record, body: Mapping[str, Any]) -> set[str]:
    """Return the ids that a record is about: of a run also its decisions, of a gap those refused.

    A change is about the content that it is of, and the reference that its request names.
    """
    found = [body.get(name) for name in _IDS]
    refused = body.get("decision_ids")
    if record.kind is RecordKind.GAP and isinstance(refused, list):
        found += refused
    if record.kind is RecordKind.CHANGE:
        found += [body.get(name) for name in _CHANGE]
    checks = body.get("checks")
    if record.kind is RecordKind.RUN and isinstance(checks, list):
        found += [one.get("decision_id") for one in checks if isinstance(one, dict)]
    return _texts(found)


def leads_of(record: Record) -> set[str]:
    """Return the ids by which more is found: what a caller chooses, such as a trace, is left out."""
    body = record.body
    own = _texts(body.get(name) for name in _LEADS)
    return (ids_of(record, body) - _texts(body.get(name) for name in _CHOSEN)) | own


def _texts(values: Iterable[object]) -> set[str]:
    """Return the texts among what a log may have signed; all else is no id."""
    return {one for one in values if isinstance(one, str) and one}
