"""What there is of the personal facts and the texts that a record commits to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.records import VERSION, Record
from ringfence.evidence.reference import spoken
from ringfence.ledger.search import Placed
from ringfence.personal.scope import State
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import references, resolved

__all__ = ["Shown", "shown", "shown_records"]

_COMMITTED: Final = "committed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A record's body with the texts that the store has, and what there is of each fact and text.

    That is `shown` with the value, `erased`, `absent`, or `committed` without a store; `personal` is by
    the fact's name, and `texts` by the place in the body.
    """

    body: Mapping[str, Any]
    personal: Mapping[str, dict[str, Any]]
    texts: Mapping[str, dict[str, Any]]

    @classmethod
    def of(cls, record: Record, store: PersonalStore | None) -> "Shown":
        """Look a record's references up; raise EvidenceError, as `shown` does."""
        body, texts = resolved(record.body, record.kind, store)
        return cls(body, shown(body, store), texts)


def shown(body: Mapping[str, Any], store: PersonalStore | None) -> dict[str, dict[str, Any]]:
    """Return, by name, `shown` with the value, `erased`, `absent`, or `committed` without a store.

    A value is shown only where it opens the record's own commitment to a fact of this name. Raise
    EvidenceError: RF918 where it does not, RF916 where the store cannot be used.
    """
    committed = body.get("committed")
    found: dict[str, dict[str, Any]] = {}
    for name, one in sorted(committed.items() if isinstance(committed, dict) else ()):
        if store is None or not isinstance(one, str):
            found[name] = {"state": _COMMITTED}
            continue
        there = store.find(one, name=name, tenant=body.get("tenant"))
        value = {"value": there.value} if there.state is State.SHOWN else {}
        found[name] = {"state": there.state.value, **value}
    return found


def shown_records(found: Iterable[Placed], store: PersonalStore | None) -> tuple[Placed, ...]:
    """Return records with the texts that the store has, and words for what it does not show.

    Their places are the real ones', and their bytes no longer those that were hashed. Raise
    EvidenceError, as `shown` does.
    """
    return tuple(replace(one, record=_worded(one.record, store)) for one in found)


def _worded(record: Record, store: PersonalStore | None) -> Record:
    body, said = resolved(record.body, record.kind, store)
    if not said:
        return record
    for _, inner, member in references(body, record.kind):
        inner[member] = spoken(inner[member])
    envelope = {"body": body, "kind": record.kind.value, "version": VERSION}
    return Record(record.kind, canonical_bytes(envelope))
