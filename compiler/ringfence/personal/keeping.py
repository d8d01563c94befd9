"""Which facts of an event are personal, and what a record holds in their place."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.allow import Allowed
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind
from ringfence.personal.period import period_of
from ringfence.personal.scope import KeyScope
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import set_apart, with_texts_apart

__all__ = ["STORE_FAILED", "SUBJECT", "Personal"]

SUBJECT: Final = "request.by"
"""The fact that names whose personal facts they are, where no other is told."""

STORE_FAILED: Final = "RF916"
"""Which error is the store's, and no event's."""

_MOST: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The names of personal facts, and where their values are kept; without a store they are withheld.

    `subject` is the fact that says whose they are; a value without a subject is the period's.
    """

    names: frozenset[str]
    store: PersonalStore | None = None
    subject: str = SUBJECT

    @property
    def keeps(self) -> bool:
        """Tell whether there is a store."""
        return self.store is not None

    def apply(self, facts: Allowed, *, asked: object, common: Mapping[str, Any]) -> Allowed:
        """Take the personal facts out of what is copied; `common` is what the record says else.

        Raise EvidenceError where the store cannot be used.
        """
        found = sorted(filter(self.is_personal, facts.facts))
        if not found:
            return facts
        committed = {}
        for name in found:
            made = self._commit(name, facts.facts[name], asked=asked, common=common)
            if made is not None:
                committed[name] = made
        kept = {name: value for name, value in facts.facts.items() if name not in found}
        lost = [name for name in found if name not in committed]
        withheld = tuple(sorted({*facts.withheld, *lost}))
        return facts._replace(facts=kept, withheld=withheld, committed=committed)

    def set_apart(self, body: Mapping[str, Any], *, asked: object) -> Mapping[str, Any]:
        """Put the texts and people of a decision's body apart; as it is without a store.

        Raise EvidenceError where the store cannot be used.
        """
        if self.store is None:
            return body
        event = (str(body.get("principal", "")), str(body["decision_id"]))
        return set_apart(
            body, RecordKind.DECISION, store=self.store, event=event, subject=self._whose(asked)
        )

    def record(self, record: Record) -> Record:
        """Put the texts and people of a record of another kind apart; as it is without a store.

        Raise EvidenceError: RF916 where the store cannot be used, RF910 where references need more room
        than a record has, RF909 for a review that has a personal fact's value in the clear.
        """
        if record.kind is RecordKind.REVIEW:
            self._require_impersonal(record.body["observed"])
        return with_texts_apart(record, self.store)

    def flush(self) -> None:
        """Make durable what records commit to, before the records are; raise EvidenceError (RF916)."""
        if self.store is not None:
            self.store.flush()

    def is_personal(self, name: str) -> bool:
        """Tell whether a dotted name is of a personal fact, or of a field of one."""
        return _is_below(name, self.names)

    def _require_impersonal(self, observed: Sequence[Mapping[str, Any]]) -> None:
        found = tuple(
            f"observed[{number}]: a personal fact, whose value would stay"
            for number, one in enumerate(observed)
            if self.is_personal(one["name"])
        )
        if found:
            said = "; ".join(found)
            raise EvidenceError("RF909", f"the `review` cannot be kept: {said}", missing=found)

    def _commit(
        self, name: str, value: Any, *, asked: object, common: Mapping[str, Any]
    ) -> str | None:
        tenant = common["tenant"]
        if self.store is None or not isinstance(tenant, str):
            return None
        scope = KeyScope(
            tenant=tenant, period=period_of(common["timestamp"]), subject=self._whose(asked)
        )
        event = (str(common.get("principal", "")), str(common["decision_id"]))
        try:
            return self.store.commit((name, value), scope=scope, event=event)
        except (UnicodeEncodeError, EvidenceError) as error:
            if isinstance(error, EvidenceError) and error.code == STORE_FAILED:
                raise
            return None  # a value without canonical JSON

    def _whose(self, asked: object) -> str:
        value = asked
        for part in self.subject.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value if type(value) is str and len(value) <= _MOST else ""


@functools.lru_cache(maxsize=4096)
def _is_below(name: str, names: frozenset[str]) -> bool:
    """Tell whether a name is one of these, or below one; a schema's come with every event."""
    return name in names or any(name[:at] in names for at, sign in enumerate(name) if sign == ".")
