"""Texts of runs: committed to before the runner signs, and kept by whoever has the store.

A runner has no key of a store, so it draws salts, and writes what opens its commitments to a file of its own.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.reference import referred, text_reference
from ringfence.personal.commitment import Opening, commitment
from ringfence.personal.declared import DECLARED, places
from ringfence.personal.scope import KeyScope
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import text_name, text_size

__all__ = ["Keeping", "commit_run", "keep_openings"]

_SALT: Final = 32
_AUTHOR: Final = "by"


@dataclass(slots=True)
class Keeping:
    """What came of openings: how many are kept now, how many were erased, and which no record commits to."""

    kept: int = 0
    erased: int = 0
    unknown: list[int] = field(default_factory=list)


def commit_run(record: Record) -> tuple[Record, tuple[Opening, ...]]:
    """Return an unsigned run's record with commitments in place of its texts, and what opens them.

    Raise EvidenceError for a record of another kind, or one that is signed.
    """
    body = record.body
    if record.kind is not RecordKind.RUN or "signature" in body:
        raise EvidenceError("RF990", "what a runner commits to is a run, before it is signed")
    openings = []
    for place, inner, member in _places(body):
        value = inner[member]
        made = Opening(text_name(RecordKind.RUN, place, body), value, secrets.token_bytes(_SALT))
        openings.append(made)
        inner[member] = text_reference(commitment(made).hex(), size=text_size(value))
    return make_record(RecordKind.RUN, body), tuple(openings)


def keep_openings(
    records: Iterable[Record],
    openings: Sequence[Opening],
    *,
    store: PersonalStore,
    now: float,
) -> Keeping:
    """Keep what opens the commitments of runs, in the month of `now` (epoch seconds), durably on return.

    The tenant is the record's, and the subject whoever gave the approval, where that is opened too. What
    was erased is not kept again. `unknown` has the places, from 0, of openings that no record commits
    to, or records of several owners. Raise EvidenceError where the store cannot be used.
    """
    period = f"{datetime.fromtimestamp(now, UTC):%Y-%m}"
    by_commitment = {commitment(one).hex(): one for one in openings}
    owners: dict[str, set[KeyScope]] = {}
    for record in records:
        for committed, scope in _owners(record.body, by_commitment, period=period):
            owners.setdefault(committed, set()).add(scope)
    found = Keeping()
    for number, (committed, one) in enumerate((commitment(one).hex(), one) for one in openings):
        scopes = owners.get(committed, set())
        if len(scopes) != 1:
            found.unknown.append(number)
        elif store.keep(one, scope=next(iter(scopes))):
            found.kept += 1
        else:
            found.erased += 1
    store.flush()
    return found


def _owners(
    body: Mapping[str, Any], openings: Mapping[str, Opening], *, period: str
) -> Iterator[tuple[str, KeyScope]]:
    """Yield whose each commitment of a run is that is opened under the name of its place."""
    tenant = body.get("tenant")
    for place, inner, member in _places(body):
        committed = referred(inner[member])
        one = openings.get(committed or "")
        if one is None or committed is None or one.name != text_name(RecordKind.RUN, place, body):
            continue
        author = openings.get(referred(inner.get(_AUTHOR)) or "")
        subject = author.value if author is not None and isinstance(author.value, str) else ""
        yield committed, KeyScope(tenant=str(tenant), period=period, subject=subject)


def _places(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    for path in DECLARED[RecordKind.RUN].texts:
        yield from places(body, path)
