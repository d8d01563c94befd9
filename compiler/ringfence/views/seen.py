"""What all views read of a record, whatever its members hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ringfence.decision_log.event import nanoseconds
from ringfence.evidence.account import Account
from ringfence.evidence.records import RecordKind
from ringfence.ledger.search import Placed

__all__ = ["Seen"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record as a view shows it; texts are empty where the record has none.

    `time` is what the record claims, in epoch nanoseconds; None where it claims none, as records of
    other kinds than decisions do. `account` is there for decisions only.
    """

    origin: str
    index: int
    leaf: str
    kind: RecordKind
    body: Mapping[str, Any]
    time: int | None
    account: Account | None

    @classmethod
    def of(cls, placed: Placed, *, origin: str) -> "Seen":
        """Read a record."""
        body, kind = placed.record.body, placed.record.kind
        found = nanoseconds(body.get("timestamp"))
        return cls(
            origin=origin,
            index=placed.position,
            leaf=placed.leaf.hex(),
            kind=kind,
            body=body,
            time=found if found is not None and found >= 0 else None,
            account=Account.of(body) if kind is RecordKind.DECISION else None,
        )

    def text(self, name: str) -> str:
        """Return a member that is text."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    @property
    def milliseconds(self) -> int | None:
        """Return the time in epoch milliseconds."""
        return None if self.time is None else self.time // 1_000_000

    @property
    def rfc3339(self) -> str:
        """Return the time in UTC, to the millisecond."""
        moment = _EPOCH + timedelta(milliseconds=self.milliseconds or 0)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def revisions(self) -> dict[str, str]:
        """Return the revisions that decided, by bundle."""
        found = self.body.get("bundles")
        given = found if isinstance(found, dict) else {}
        return {name: given[name] for name in sorted(given) if isinstance(given[name], str)}

    @property
    def place(self) -> dict[str, Any]:
        """Return where the record stands, by which any line leads back to its proof."""
        return {"index": self.index, "leaf": self.leaf, "origin": self.origin}
