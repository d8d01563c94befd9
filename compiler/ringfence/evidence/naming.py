"""Which ids a record names, and which of them lead on to more records."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ringfence.evidence.records import Record, RecordKind

__all__ = ["GRANTS", "grant_key", "ids_of", "leads_of", "needle_of"]

GRANTS: Final[Mapping[RecordKind, tuple[str, str]]] = {
    RecordKind.APPROVAL: ("approvals", "approval"),
    RecordKind.EXCEPTION: ("waived", "exception"),
}
"""Where a decision names a grant that it used: the list, and the member of an entry."""

_IDS: Final = ("decision_id", "trace_id", "run_id")
_OWN: Final[Mapping[RecordKind, str]] = {
    RecordKind.APPROVAL: "id",
    RecordKind.EXCEPTION: "id",
    RecordKind.REVIEW: "review_id",
    RecordKind.EXPLANATION: "explanation_id",
    RecordKind.LINEAGE: "lineage_id",
}
_APART: Final = "\x00"
_LEADS: Final = ("decision_id", "run_id")
_CHANGE: Final = ("content", "change_ref")
_CHOSEN: Final = ("trace_id", "change_ref")


def ids_of(record: Record, body: Mapping[str, Any]) -> set[str]:
    """Return the ids that a record is about: of a run also its decisions, of a gap those refused.

    A change is about the content that it is of, and the reference that its request names. A grant has
    its own id, and a key by which only decisions of its tenant lead to it.
    """
    found = [body.get(name) for name in (*_IDS, *filter(None, [_OWN.get(record.kind)]))]
    if record.kind in GRANTS:
        found.append(grant_key(record.kind, body.get("tenant"), body.get("id")))
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
    """Return the ids by which more is found: what a caller chooses, such as a trace, is left out.

    A decision leads to the grants that it used, and a lineage to those that it follows. A grant leads
    nowhere: what else was decided under it is another question.
    """
    body = record.body
    if record.kind in GRANTS:
        return set()
    own = _texts(body.get(name) for name in _LEADS)
    if record.kind is RecordKind.DECISION:
        own |= _used(body)
    parents = body.get("parent_lineage_ids")
    if record.kind is RecordKind.LINEAGE and isinstance(parents, list):
        own |= _texts(parents)
    return (ids_of(record, body) - _texts(body.get(name) for name in _CHOSEN)) | own


def grant_key(kind: RecordKind, tenant: object, name: object) -> str:
    """Return a key for a grant of a tenant, which no id of another kind is; empty where there is none."""
    named = isinstance(tenant, str) and isinstance(name, str)
    return f"{kind.value}{_APART}{tenant}{_APART}{name}" if named else ""


def needle_of(key: str) -> str:
    """Return what of an id or key stands in a record as a whole text."""
    return key.rpartition(_APART)[2]


def _used(body: Mapping[str, Any]) -> set[str]:
    return _texts(
        grant_key(kind, body.get("tenant"), one.get(member))
        for kind, (name, member) in GRANTS.items()
        for one in _entries(body.get(name))
    )


def _entries(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(values: Iterable[object]) -> set[str]:
    """Return the texts among what a log may have signed; all else is no id."""
    return {one for one in values if isinstance(one, str) and one}
