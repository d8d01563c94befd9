"""One origin's writer: uploads go in, and are in its ledger, durably, on return."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ringfence.collector.drops import Drops, is_instance_id
from ringfence.collector.gaps import drop_counters, dropped_gap, refused_gap
from ringfence.collector.judging import Refused, judge, wrong_label
from ringfence.collector.principal import Principal
from ringfence.collector.revisions import KnownRevisions
from ringfence.collector.upload import UploadError, inflate, parse_object, read_upload
from ringfence.evidence.error import EvidenceError
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.store import Ledger

__all__ = ["OriginWriter", "Taken"]

_STOPPED = {"RF943", "RF944", "RF946"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of an upload; `told` are the refused events that are to be reported one by one."""

    added: int
    duplicates: int
    conflicts: int
    refused: tuple[Refused, ...]
    told: bool = True


class OriginWriter:
    """Writes one ledger. Its methods block, and may be called from several threads."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        revisions: KnownRevisions,
        allowed_facts: frozenset[str],
        findings_per_minute: int,
        clock: Callable[[], float],
    ) -> None:
        self.ledger = ledger
        self.problem: EvidenceError | None = None
        """Why the ledger takes no more until it is opened anew."""
        self._revisions, self._facts, self._clock = revisions, allowed_facts, clock
        self._limit = MinuteLimit(per_minute=findings_per_minute)
        self._drop_limit = MinuteLimit(per_minute=findings_per_minute)
        self._drops, self._status = Drops.of(ledger), threading.Lock()
        self._limiting = threading.Lock()

    def take(self, body: bytes, *, principal: Principal, inflated: int, events: int) -> Taken:
        """Keep an upload, whole or not at all; it is durable on return.

        Raise UploadError for a body that is no upload, and EvidenceError where the ledger takes no more.
        What is refused of it is counted in a gap record, in the same durable batch.
        """
        found = judge(
            read_upload(inflate(body, limit=inflated), most=events),
            principal=principal,
            revisions=self._revisions,
            allowed_facts=self._facts,
        )
        records, told = list(found.records), False
        if found.refused:
            with self._limiting:
                told = self._limit.allows(principal.name, now=self._clock())
                missed = self._limit.unrecorded(principal.name) if told else 0
            if told:
                records.append(refused_gap(found.refused, principal=principal, unrecorded=missed))
        with self._noticing():
            kept = self.ledger.append(records)
        return Taken(
            added=kept.added - (1 if told else 0),
            duplicates=kept.duplicates,
            conflicts=kept.conflicts,
            refused=found.refused,
            told=told,
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
        """Publish a checkpoint where one is due; raise EvidenceError."""
        with self._noticing():
            self.ledger.tick()

    def finish(self) -> None:
        """Bring all under a last checkpoint; raise EvidenceError."""
        published, size = self.ledger.published, self.ledger.size
        if self.problem is None and (published is None or published.checkpoint.size < size):
            self.ledger.checkpoint()

    def _note_drops(
        self, totals: Mapping[str, int], *, principal: Principal, opa: str
    ) -> dict[str, int]:
        lost = self._drops.new(principal.name, opa, totals=totals)
        # Over the limit nothing is lost: the counters only grow, and the next update says all.
        if not lost or not self._drop_limit.allows(principal.name, now=self._clock()):
            return {}
        with self._noticing():
            self.ledger.append([dropped_gap(totals, lost=lost, principal=principal, opa=opa)])
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
