"""What every OPA has said that it dropped, so that each loss is recorded once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.records import RecordKind
from ringfence.ledger.store import Ledger

__all__ = ["Drops", "is_instance_id"]

_MAX_INSTANCES: Final = 100_000
_INSTANCE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def is_instance_id(value: object) -> bool:
    """Tell whether a text can be the id of an OPA instance, as its label says it."""
    return type(value) is str and _INSTANCE.fullmatch(value) is not None


@dataclass(slots=True)
class Drops:
    """The last recorded counters by principal and OPA instance."""

    _totals: dict[tuple[str, str], Mapping[str, int]]

    @classmethod
    def of(cls, ledger: Ledger) -> "Drops":
        """Read what the ledger's gap records say, so that a restart counts nothing again."""
        found = cls({})
        for position in ledger.index.kind(RecordKind.GAP.value)[-_MAX_INSTANCES:]:
            body: dict[str, Any] = ledger.read(position).body
            totals = body.get("totals")
            if body.get("cause") == "dropped" and isinstance(totals, dict):
                found.keep(str(body.get("principal")), str(body.get("opa")), totals=totals)
        return found

    def new(self, principal: str, opa: str, *, totals: Mapping[str, int]) -> dict[str, int]:
        """Return what was lost since the last record; a counter that shrank has begun anew."""
        before = self._totals.get((principal, opa), {})
        since = {
            name: total - known if total >= (known := before.get(name, 0)) else total
            for name, total in totals.items()
        }
        return {name: lost for name, lost in since.items() if lost}

    def keep(self, principal: str, opa: str, *, totals: Mapping[str, int]) -> None:
        """Remember counters that were recorded."""
        self._totals.pop((principal, opa), None)
        if len(self._totals) >= _MAX_INSTANCES:
            del self._totals[next(iter(self._totals))]
        self._totals[principal, opa] = totals
