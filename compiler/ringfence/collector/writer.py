"""One origin's writer: uploads go in, and are in its ledger, durably, on return."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.collector.drops import Drops, is_instance_id
from ringfence.collector.gaps import (
    by_tenant,
    drop_counters,
    dropped_gaps,
    refused_gap,
    untimely_gap,
)
from ringfence.collector.judging import Judged, Refused, judge, wrong_label
from ringfence.collector.lateness import untimely
from ringfence.collector.principal import Principal
from ringfence.collector.revisions import KnownRevisions
from ringfence.collector.upload import UploadError, inflate, parse_object, read_upload
from ringfence.decision_log.event import LogEvent
from ringfence.delivery.judging import RefusedRecord, judge_records
from ringfence.delivery.terms import Terms
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.store import Ledger
from ringfence.personal.erasing import record_pending
from ringfence.personal.keeping import Personal

__all__ = ["Delivered", "OriginWriter", "Taken"]

_STOPPED = {"RF943", "RF944", "RF946"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of an upload; `told` are the refused events that are to be reported one by one."""

    added: int
    duplicates: int
    conflicts: int
    refused: tuple[Refused, ...]
    told: bool = True
    untimely: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What came of delivered records; `told` says whether the refused ones are to be reported."""

    added: int
    duplicates: int
    refused: tuple[RefusedRecord, ...]
    told: bool


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Gap records of an upload, whether its refused events are told, and how many are untimely."""

    records: tuple[Record, ...]
    told: bool
    untimely: int


class OriginWriter:
    """Writes one ledger. Its methods block, and may be called from several threads."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        revisions: KnownRevisions,
        allowed_facts: frozenset[str],
        personal: Personal,
        runners: Mapping[str, Ed25519PublicKey],
        findings_per_minute: int,
        age: float,
        clock: Callable[[], float],
    ) -> None:
        self.ledger = ledger
        self.problem: EvidenceError | None = None
        """Why the ledger takes no more until it is opened anew."""
        self._revisions, self._facts, self._clock = revisions, allowed_facts, clock
        self._age, self._personal, self._runners = age, personal, runners
        self._limit = MinuteLimit(per_minute=findings_per_minute)
        self._late_limit = MinuteLimit(per_minute=findings_per_minute)
        self._drop_limit = MinuteLimit(per_minute=findings_per_minute)
        self._record_limit = MinuteLimit(per_minute=findings_per_minute)
        self._drops, self._status = Drops.of(ledger), threading.Lock()
        self._limiting = threading.Lock()

    def take(self, body: bytes, *, principal: Principal, inflated: int, events: int) -> Taken:
        """Keep an upload, whole or not at all; it is durable on return.

        Raise UploadError for a body that is no upload, and EvidenceError where the ledger takes no more.
        What is refused of it, and what is dated far from now, is counted in gap records, in the same
        durable batch.
        """
        read = read_upload(inflate(body, limit=inflated), most=events)
        found = judge(
            read,
            principal=principal,
            revisions=self._revisions,
            allowed_facts=self._facts,
            personal=self._personal,
        )
        self._personal.flush()  # before the records that commit to it
        gaps = self._gaps(read, found, principal=principal)
        with self._noticing():
            kept = self.ledger.append([*found.records, *gaps.records])
        return Taken(
            added=kept.added - len(gaps.records),
            duplicates=kept.duplicates,
            conflicts=kept.conflicts,
            refused=found.refused,
            told=gaps.told,
            untimely=gaps.untimely,
        )

    def deliver(self, lines: Sequence[bytes], *, principal: Principal) -> Delivered:
        """Keep the records that are the principal's to deliver, all or none; they are durable on return.

        The very same bytes again are a duplicate. Raise EvidenceError where the ledger takes no more.
        """
        terms = Terms(kinds=principal.records, tenants=principal.tenants, runners=self._runners)
        found = judge_records(
            lines, terms=terms, holds_decision=self.ledger.holds_decision, personal=self._personal
        )
        self._personal.flush()  # before the records that commit to it
        with self._noticing():
            kept = self.ledger.append(found.records)
        with self._limiting:
            told = not found.refused or self._record_limit.allows(principal.name, now=self._clock())
        return Delivered(
            added=kept.added, duplicates=kept.duplicates, refused=found.refused, told=told
        )

    def note_status(self, body: bytes, *, principal: Principal) -> dict[str, int]:
        """Record what an OPA's status update says that it has dropped since the last one.

        Return that by counter. Raise UploadError for what is no status update, or another OPA's.
        """
        status = parse_object(body, place="status")
        labels = status.get("labels")
        opa = labels.get("id") if isinstance(labels, dict) else None
        if not isinstance(labels, dict) or not isinstance(opa, str) or not is_instance_id(opa):
            raise UploadError(400, "RF980", "status: no label `id` of an OPA")
        label = wrong_label(labels, principal=principal)
        if label:
            raise UploadError(403, "RF983", f"OPA's label `{label}` is not the principal's")
        with self._status:
            return self._note_drops(drop_counters(status), principal=principal, opa=opa)

    def tick(self) -> None:
        """Record erasures that another process has made, and publish a checkpoint where one is due.

        Raise EvidenceError.
        """
        with self._noticing():
            if self._personal.store is not None:
                record_pending(self.ledger, self._personal.store)
            self.ledger.tick()

    def finish(self) -> None:
        """Bring all under a last checkpoint; raise EvidenceError."""
        published, size = self.ledger.published, self.ledger.size
        if self.problem is None and (published is None or published.checkpoint.size < size):
            self.ledger.checkpoint()

    def _gaps(self, read: Sequence[LogEvent], found: Judged, *, principal: Principal) -> _Gaps:
        """Return the gap records of an upload, as many as the principal may have."""
        now, made, told = self._clock(), [], False
        refused = {one.index for one in found.refused}
        kept = (event for index, event in enumerate(read) if index not in refused)
        late = untimely(kept, principal=principal, now=now, most=self._age)
        with self._limiting:
            parts = by_tenant(found.refused)
            if parts and self._limit.allows(principal.name, now=now, parts=parts):
                told = True
                for tenant, some in parts.items():
                    missed = self._limit.unrecorded(principal.name, part=tenant)
                    made.append(refused_gap(some, principal=principal, unrecorded=missed))
            dated = by_tenant(late)
            if dated and self._late_limit.allows(principal.name, now=now, parts=dated):
                for tenant, ones in dated.items():
                    missed = self._late_limit.unrecorded(principal.name, part=tenant)
                    made.append(untimely_gap(ones, principal=principal, now=now, unrecorded=missed))
        return _Gaps(tuple(made), told, len(late))

    def _note_drops(
        self, totals: Mapping[str, int], *, principal: Principal, opa: str
    ) -> dict[str, int]:
        lost = self._drops.new(principal.name, opa, totals=totals)
        # Over the limit nothing is lost: the counters only grow, and the next update says all.
        cost = len(principal.tenants)
        if not lost or not self._drop_limit.allows(principal.name, now=self._clock(), cost=cost):
            return {}
        with self._noticing():
            self.ledger.append(dropped_gaps(totals, lost=lost, principal=principal, opa=opa))
        self._drops.keep(principal.name, opa, totals=totals)
        return lost

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except EvidenceError as error:
            if error.code in _STOPPED:
                self.problem = error
            raise
