"""Which facts of an event are personal, and what a record holds in their place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ringfence.errors import UsageError
from ringfence.evidence.allow import Allowed
from ringfence.evidence.error import EvidenceError
from ringfence.personal.scope import KeyScope
from ringfence.personal.store import PersonalStore

__all__ = ["STORE_FAILED", "SUBJECT", "UNDATED", "Personal", "period_of", "require_period"]

SUBJECT: Final = "request.by"
"""The fact that names whose personal facts they are, where no other is told."""

UNDATED: Final = "undated"

STORE_FAILED: Final = "RF916"
"""Which error is the store's, and no event's."""

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-")
_MOST: Final = 1024


def require_period(text: str | None) -> str | None:
    """Return a period as it was told; raise UsageError for what is none."""
    if text is not None and text != UNDATED and (len(text) != 7 or not _MONTH.match(f"{text}-")):
        hint = "write a month as in `2026-11`, or `undated`"
        raise UsageError(f"`{text}` is no period", help=hint)
    return text


def period_of(timestamp: str) -> str:
    """Return the month that a timestamp claims; `undated` where it claims none."""
    return timestamp[:7] if _MONTH.match(timestamp) else UNDATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The names of personal facts, and where their values are kept; without a store they are withheld.

    `subject` is the fact that says whose they are; a value without a subject is the period's.
    """

    names: frozenset[str]
    store: PersonalStore | None = None
    subject: str = SUBJECT

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
        return replace(facts, facts=kept, withheld=withheld, committed=committed)

    def is_personal(self, name: str) -> bool:
        """Tell whether a dotted name is of a personal fact, or of a field of one."""
        return name in self.names or any(
            name[:at] in self.names for at, sign in enumerate(name) if sign == "."
        )

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
