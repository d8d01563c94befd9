"""Tell whether an event makes the ledger's record, also where that holds commitments in place of values."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ringfence.decision_log.event import LogEvent
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.decision import decision_bodies, make_decision
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import VERSION, RecordKind
from ringfence.evidence.reference import WITHHELD, is_person, is_reference, referred, text_reference
from ringfence.personal.declared import DECLARED, places
from ringfence.personal.scope import State
from ringfence.personal.store import PERSON, PersonalStore
from ringfence.personal.texts import text_name, text_size
from ringfence.reconcile.seen import Decided

__all__ = ["Likeness", "likeness"]

_ROW: Final = DECLARED[RecordKind.DECISION]


class Likeness(StrEnum):
    """How an event and a record are alike.

    `same` makes it byte for byte. The next three do so as far as values are not committed to, and those
    cannot be compared: their key was destroyed, no store was named, or the store has none of them.
    """

    SAME = "same"
    ERASED = "erased"
    COMMITTED = "committed"
    ABSENT = "absent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a record holds in place of a value, whose, under which name, and the event's value."""

    tenant: object
    name: str
    reference: object
    value: Any


_WORST: Final = (Likeness.OTHER, Likeness.ERASED, Likeness.ABSENT, Likeness.COMMITTED)


def likeness(event: LogEvent, one: Decided, store: PersonalStore | None) -> Likeness:
    """Compare an event with a decision's record; nothing is written.

    A commitment binds to one value: where the store opens it to the event's, the record is of the event.
    Raise EvidenceError: RF916 where the store cannot be used, RF918 where it holds what does not fit.
    """
    body = one.body
    facts, committed = _mapping(body, "facts"), _mapping(body, "committed")
    allowed = frozenset(facts) | frozenset(committed)
    try:
        if not committed and not any(_places(body, kept=True)):
            made = make_decision(event, allowed_facts=allowed, principal=one.principal)
            return Likeness.SAME if made.data == one.record.data else Likeness.OTHER
        bodies = list(decision_bodies(event, allowed_facts=allowed, principal=one.principal))
    except EvidenceError:
        return Likeness.OTHER
    for made_body in map(copy.deepcopy, bodies):  # they share their entries
        kept = list(_put_references(made_body, body))
        if _bytes(made_body) == one.record.data:
            found = {_opened(each, store) for each in kept}
            return next((each for each in _WORST if each in found), Likeness.SAME)
    return Likeness.OTHER


def _put_references(made: dict[str, Any], body: Mapping[str, Any]) -> Iterator[_Kept]:
    """Put the record's references into an event's body, and yield them with the event's values."""
    named = _mapping(body, "committed")
    committed = {name: one for name, one in named.items() if name in made["facts"]}
    for name, one in committed.items():
        yield _Kept(body.get("tenant"), name, one, made["facts"].pop(name))
    if committed:
        made["committed"] = committed
    theirs = {place: (inner, member) for place, inner, member in _places(made)}
    for place, inner, member in _places(body, kept=True):
        if place in theirs:
            there, name = theirs[place]
            value, there[name] = there[name], _as_of(there[name], inner[member])
            known = (
                PERSON if is_person(inner[member]) else text_name(RecordKind.DECISION, place, body)
            )
            yield _Kept(body.get("tenant"), known, inner[member], value)


def _as_of(value: Any, reference: dict[str, Any]) -> dict[str, Any]:
    """Return a reference with the size of the event's value: the record's own may be another."""
    committed = referred(reference)
    if committed is None or is_person(reference):
        return reference
    return text_reference(committed, size=text_size(value))


def _opened(kept: _Kept, store: PersonalStore | None) -> Likeness:
    if kept.reference == WITHHELD:
        return Likeness.SAME
    reference = kept.reference
    committed = reference if isinstance(reference, str) else referred(reference)
    if committed is None:
        return Likeness.ERASED
    if store is None:
        return Likeness.COMMITTED
    there = store.find(committed, name=kept.name, tenant=kept.tenant)
    if there.state is State.SHOWN:
        alike = canonical_bytes([there.value]) == canonical_bytes([kept.value])
        return Likeness.SAME if alike else Likeness.OTHER
    return Likeness.ERASED if there.state is State.ERASED else Likeness.ABSENT


def _places(
    body: Mapping[str, Any], *, kept: bool = False
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the places that are declared; with `kept`, those where something stands in place of a value."""
    tenantless = not isinstance(body.get("tenant"), str)
    for path in (*_ROW.people, *_ROW.texts):
        for place, inner, member in places(body, path):
            value = inner[member]
            if not kept or is_reference(value) or (tenantless and value == WITHHELD):
                yield place, inner, member


def _mapping(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _bytes(body: dict[str, Any]) -> bytes:
    return canonical_bytes({"body": body, "kind": RecordKind.DECISION.value, "version": VERSION})
