"""Texts and names of people in records: put apart into the store, and shown through it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.reference import (
    ERASED,
    WITHHELD,
    is_person,
    is_reference,
    person_reference,
    referred,
    text_reference,
)
from ringfence.personal.declared import DECLARED, Declared, places
from ringfence.personal.period import period_of
from ringfence.personal.scope import KeyScope, State
from ringfence.personal.store import PERSON, PersonalStore

__all__ = ["references", "resolved", "set_apart", "text_name", "text_size", "with_texts_apart"]

_OWN: Final = {RecordKind.RUN: "run_id", RecordKind.RETENTION_EVENT: "id"}
"""The id of a record that may be delivered with references to texts in it."""

_MOST: Final = 1024
"""Characters of who someone is."""


def set_apart(
    body: Mapping[str, Any],
    kind: RecordKind,
    *,
    store: PersonalStore,
    event: tuple[str, str] | None = None,
    subject: str | None = None,
) -> dict[str, Any]:
    """Return a body with references in place of what the kind declares; the store has the values.

    The same body gets the same references as long as no key of it is destroyed. `event` is principal and
    decision id, `subject` whose the texts are; else they are the body's own.
    Raise EvidenceError where the store cannot be used, or a value has no canonical JSON.
    """
    declared = DECLARED.get(kind, Declared())
    if not any(_left(body, (*declared.people, *declared.texts))):
        return dict(body)
    made = _copied(body, declared)
    whose = _subject(made, declared) if subject is None else subject
    keeper = _Keeper(
        store=store,
        tenant=made.get("tenant"),
        period=declared.period or period_of(made.get(declared.time)),
        subject=whose,
        event=event or ("", hashlib.sha256(canonical_bytes(made)).hexdigest()),
    )
    for place, inner, member in _left(made, declared.people):
        inner[member] = keeper.person(inner[member], name=text_name(kind, place, body))
    for place, inner, member in _left(made, declared.texts):
        inner[member] = keeper.text(inner[member], name=text_name(kind, place, body))
    return made


def with_texts_apart(record: Record, store: PersonalStore | None) -> Record:
    """Return a record with its texts apart; as it is without a store, or where someone has signed it.

    What a runner has signed stays as it was signed. Raise EvidenceError, as `set_apart` does.
    """
    if store is None or record.kind not in DECLARED:
        return record
    body = record.body
    if "signature" in body:
        return record
    made = set_apart(body, record.kind, store=store)
    return record if made == body else make_record(record.kind, made)


def references(
    body: Mapping[str, Any], kind: RecordKind
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the places where a body holds references, each with its object and member."""
    declared = DECLARED.get(kind, Declared())
    for path in (*declared.people, *declared.texts):
        for place, inner, member in places(body, path):
            if is_reference(inner[member]):
                yield place, inner, member


def resolved(
    body: Mapping[str, Any], kind: RecordKind, store: PersonalStore | None
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return a body with its texts where the store has them, and by place what there is of each.

    That is `shown` with the value, `erased`, `absent`, or `committed` without a store; what is not shown
    stays a reference. Raise EvidenceError: RF918 where a value does not fit, RF916 for the store.
    """
    made = _copied(body, DECLARED.get(kind, Declared()))
    said: dict[str, dict[str, Any]] = {}
    for place, inner, member in references(made, kind):
        value = inner[member]
        committed = referred(value)
        if committed is None:
            said[place] = {"state": State.ERASED.value}
        elif store is None:
            said[place] = {"state": "committed"}
        else:
            name = PERSON if is_person(value) else text_name(kind, place, body)
            found = store.find(committed, name=name, tenant=made.get("tenant"))
            said[place] = {"state": found.state.value}
            if found.state is State.SHOWN:
                inner[member] = said[place]["value"] = found.value
    return made, said


def text_name(kind: RecordKind, place: str, body: Mapping[str, Any]) -> str:
    """Return under which name a text is committed to; no fact has one like it.

    Where others deliver references, it names the record too, so that none serves in another.
    """
    own = _OWN.get(kind)
    whose = f"{canonical_bytes(body.get(own)).decode()}:" if own else ""
    return f"text:{kind.value}:{whose}{place}"


def text_size(value: Any) -> int:
    """Return the bytes of a text in UTF-8, or of another value in RFC 8785; raise UnicodeEncodeError."""
    return len(value.encode() if isinstance(value, str) else canonical_bytes(value))


def _left(
    body: Mapping[str, Any], paths: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield what is not apart yet, and is not withheld."""
    for path in paths:
        for place, inner, member in places(body, path):
            value = inner[member]
            if value not in (None, WITHHELD) and not is_reference(value):
                yield place, inner, member


def _copied(body: Mapping[str, Any], declared: Declared) -> dict[str, Any]:
    """Return a body of which what is declared can be replaced; it shares all the rest."""
    heads = {
        path.partition(".")[0].removesuffix("[]") for path in (*declared.people, *declared.texts)
    }
    return {name: _copy(value) if name in heads else value for name, value in body.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def _is_name(value: object) -> bool:
    return type(value) is str and len(value) <= _MOST


def _subject(body: Mapping[str, Any], declared: Declared) -> str:
    found = body.get(declared.subject)
    return found if isinstance(found, str) and _is_name(found) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeper:
    """Keeps what stood in one record, and returns what stands there instead."""

    store: PersonalStore
    tenant: object
    period: str
    subject: str
    event: tuple[str, str]

    def person(self, value: Any, *, name: str) -> dict[str, Any]:
        if not _is_name(value):
            return self.text(value, name=name)
        if type(self.tenant) is not str:
            return dict(WITHHELD)
        try:
            made = self.store.pseudonym(value, tenant=self.tenant, period=self.period)
        except UnicodeEncodeError:
            return dict(WITHHELD)
        return dict(ERASED) if made is None else person_reference(made)

    def text(self, value: Any, *, name: str) -> dict[str, Any]:
        if type(self.tenant) is not str:
            return dict(WITHHELD)
        scope = KeyScope(tenant=self.tenant, period=self.period, subject=self.subject)
        try:
            made = self.store.commit((name, value), scope=scope, event=self.event)
            size = text_size(value)
        except UnicodeEncodeError:
            return dict(WITHHELD)
        return dict(ERASED) if made is None else text_reference(made, size=size)
