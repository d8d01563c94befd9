"""Which records of a ledger go into a package, and the pass that verifies and collects them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.naming import ids_of, leads_of
from ringfence.evidence.records import Record, RecordKind, read_record
from ringfence.ledger.fsck import FsckResult
from ringfence.ledger.search import Placed
from ringfence.ledger.tiles import bundle_entries
from ringfence.ledger.trust import LedgerTrust

__all__ = ["Selected", "Selection", "select"]

_TIMED: Final = {
    RecordKind.DECISION: "timestamp",
    RecordKind.CHANGE: "timestamp",
    RecordKind.RETENTION_EVENT: "timestamp",
    RecordKind.EXPORT_EVENT: "timestamp",
    RecordKind.REVIEW: "at",
    RecordKind.EXPLANATION: "generated_at",
    RecordKind.LINEAGE: "recorded_at",
    RecordKind.APPROVAL: "from",
    RecordKind.EXCEPTION: "from",
}
"""The member that says when, as an RFC 3339 time or in epoch seconds."""

_OWN_TIME: Final = frozenset({RecordKind.DECISION, RecordKind.CHANGE})
"""The kinds that are taken by their own time only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Records of these tenants, in a window, or about some ids.

    `start` and `end` are both positions, of which `end` is not taken, or both times (likewise) that
    records claim. What names a decision that was taken, or was used by it, goes along whatever its own
    time is, and so do all gaps, and decisions whose time cannot be read. With `ids`, only what names them, and what these lead to, is taken.
    """

    tenants: frozenset[str]
    start: int | datetime | None = None
    end: int | datetime | None = None
    ids: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        kinds = {type(one) for one in (self.start, self.end) if one is not None}
        if len(kinds) > 1:
            raise EvidenceError("RF961", "the window's ends are a position and a time")
        if not self.tenants:
            raise EvidenceError("RF961", "no tenant is named")

    def described(self) -> dict[str, Any]:
        """Return the selection as the statement holds it."""
        return {"end": _said(self.end), "ids": sorted(self.ids), "start": _said(self.start)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What was verified, and the records: the tenants' and all key events, in the log's order.

    `withheld` counts the records under the checkpoint that are not among them.
    """

    chain: FsckResult
    records: tuple[Placed, ...]

    @property
    def withheld(self) -> int:
        """Count the records under the checkpoint that were not selected."""
        return self.chain.checkpoint.size - len(self.records)


def select(folder: Path, selection: Selection, *, trust: LedgerTrust) -> Selected:
    """Verify a ledger, and return the selected records, from the very bytes that were verified.

    The tenants' records are held in memory. Raise VerifyError where the ledger does not hold, and
    EvidenceError (RF961) where nothing is selected: a package of no record would look like an answer.
    """
    needles = [canonical_bytes(tenant) for tenant in sorted(selection.tenants)]
    events: list[Placed] = []
    found: list[Placed] = []

    def each(start: int, bundle: bytes, width: int) -> None:
        for position, entry in enumerate(bundle_entries(bundle)[:width], start=start):
            if b'"key_event"' in entry or any(needle in entry for needle in needles):
                record = read_record(entry)
                if record.kind is RecordKind.KEY_EVENT:
                    events.append(Placed(position, record))
                elif str(record.body.get("tenant")) in selection.tenants:
                    found.append(Placed(position, record))

    chain = trust.fsck(folder, each=each)
    taken = list(_within(_named(found, selection), selection))
    if not taken:
        raise EvidenceError(
            "RF961", "no record is selected", help="check the tenant, the window and the ids"
        )
    order = sorted([*events, *taken], key=lambda one: one.position)
    return Selected(chain=chain, records=tuple(order))


def _named(found: list[Placed], selection: Selection) -> list[Placed]:
    """Return what names the ids, and what these records lead to, such as a run's decisions."""
    if not selection.ids:
        return found
    by_id: dict[str, list[Placed]] = {}
    for one in found:
        for name in ids_of(one.record, one.record.body):
            by_id.setdefault(name, []).append(one)
    left, seen, taken = list(selection.ids), set[str](), set[int]()
    while left:  # each id and record once, since a tenant's lineage may be as long as it likes
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for one in by_id.get(name, ()):
            if one.position not in taken:
                taken.add(one.position)
                left += leads_of(one.record)
    return [one for one in found if one.position in taken]


def _within(found: list[Placed], selection: Selection) -> Iterator[Placed]:
    start, end = selection.start, selection.end
    if isinstance(start, datetime) or isinstance(end, datetime):
        yield from _at_times(found, start, end)
        return
    for one in found:
        if (start is None or start <= one.position) and (end is None or one.position < end):
            yield one


def _at_times(found: list[Placed], start: Any, end: Any) -> Iterator[Placed]:
    timed = {one.position: _time(one.record) for one in found}
    within = {
        position
        for position, at in timed.items()
        if at is not None and (start is None or start <= at) and (end is None or at < end)
    }
    within |= {
        one.position
        for one in found
        if one.record.kind is RecordKind.DECISION and timed[one.position] is None
    }
    ids = {
        led
        for one in found
        if one.record.kind is RecordKind.DECISION and one.position in within
        for led in leads_of(one.record)
    }
    for one in found:
        kind = one.record.kind
        if (
            one.position in within
            or kind is RecordKind.GAP
            or (kind not in _OWN_TIME and ids_of(one.record, one.record.body) & ids)
        ):
            yield one


def _time(record: Record) -> datetime | None:
    """Return the time that a record claims; None where none can be compared."""
    member = _TIMED.get(record.kind)
    said = record.body.get(member) if member else None
    try:
        if type(said) is int:
            return datetime.fromtimestamp(said, UTC)
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and found.tzinfo else None


def _said(one: int | datetime | None) -> int | str | None:
    return one.isoformat() if isinstance(one, datetime) else one
