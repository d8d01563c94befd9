"""What a verified ledger holds: decisions, runs, and the gaps that are known."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.decision_log.event import nanoseconds
from ringfence.evidence.records import Record, RecordKind, read_record
from ringfence.ledger.fsck import FsckResult
from ringfence.ledger.tiles import bundle_entries
from ringfence.ledger.trust import LedgerTrust

__all__ = ["Decided", "Seen", "entries", "see", "text"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision's record, whose body is read again when it is asked for."""

    record: Record
    decision_id: str
    principal: str
    tenant: str
    point: str
    allowed: bool
    time_ns: int
    bundles: Mapping[str, str]

    @property
    def body(self) -> dict[str, Any]:
        """Return the record's body."""
        return self.record.body

    @classmethod
    def of(cls, record: Record) -> "Decided":
        """Read a decision's record; what is no text there is empty here."""
        body = record.body
        bundles = body.get("bundles")
        return cls(
            record=record,
            decision_id=text(body, "decision_id"),
            principal=text(body, "principal"),
            tenant=text(body, "tenant"),
            point=text(body, "point"),
            allowed=body.get("allowed") is True,
            time_ns=nanoseconds(body.get("timestamp")) or 0,
            bundles={n: r for n, r in bundles.items() if isinstance(r, str)}
            if isinstance(bundles, dict)
            else {},
        )


@dataclass(slots=True)
class Seen:
    """All that bears on the comparison, in the order of the log.

    `dropped` are OPA's drop counters by principal and counter, as gap records add them up. `refused`
    counts events that a collector refused, and `unrecorded` uploads with such events beyond its limit.
    `gaps` are those that are recorded: cause, tenant, decision and run.
    """

    decisions: list[Decided] = field(default_factory=list)
    runs: list[Record] = field(default_factory=list)
    gaps: set[tuple[str, str, str, str]] = field(default_factory=set)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: int = 0
    unrecorded: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    _totals: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)

    def by_id(self) -> dict[str, list[Decided]]:
        """Return the decisions by id; each principal's ids are its own."""
        found: dict[str, list[Decided]] = {}
        for one in self.decisions:
            found.setdefault(one.decision_id, []).append(one)
        return found

    def revisions(self) -> dict[str, frozenset[str]]:
        """Return the bundles' names by the revision that decisions have recorded."""
        found: dict[str, frozenset[str]] = {}
        for one in self.decisions:
            for name, revision in one.bundles.items():
                found[revision] = found.get(revision, frozenset()) | {name}
        return found

    def take(self, record: Record) -> None:
        """Sort a record in."""
        match record.kind:
            case RecordKind.DECISION:
                self.decisions.append(Decided.of(record))
            case RecordKind.RUN:
                self.runs.append(record)
            case RecordKind.GAP:
                self._gap(record.body)
            case RecordKind.CONFLICT:
                self.conflicts.append(record.body)

    def _gap(self, body: Mapping[str, Any]) -> None:
        cause, principal = text(body, "cause"), text(body, "principal")
        if cause == "dropped":
            opa, totals = (principal, text(body, "opa")), dict(_counts(body.get("totals")))
            if totals and self._totals.get(opa) == totals:  # the same loss, told to another tenant
                return
            self._totals[opa] = totals
            for counter, lost in _counts(body.get("lost")):
                self.dropped[principal, counter] += lost
        elif cause == "refused":
            self.refused += sum(lost for _, lost in _counts(body.get("codes")))
            self.unrecorded += sum(n for _, n in _counts({"n": body.get("unrecorded")}))
        elif cause in ("no_decision", "no_run"):
            named = text(body, "decision_id"), text(body, "run_id")
            self.gaps.add((cause, text(body, "tenant"), *named))


def see(folder: Path, *, trust: LedgerTrust) -> tuple[FsckResult, Seen]:
    """Verify a ledger, and return what it holds, in the very pass that verifies it.

    Raise VerifyError. Every record under the checkpoint is held in memory.
    """
    seen = Seen()

    def each(start: int, bundle: bytes, width: int) -> None:
        del start
        for entry in bundle_entries(bundle)[:width]:
            seen.take(read_record(entry))

    return trust.fsck(folder, each=each), seen


def entries(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects in a member that is a list; whoever signed it may have put in anything."""
    value = body.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(body: Mapping[str, Any], name: str) -> str:
    """Return a member that is a text, else an empty one."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _counts(value: object) -> Iterator[tuple[str, int]]:
    for name, count in value.items() if isinstance(value, dict) else ():
        if type(count) is int and count > 0:
            yield str(name), count
