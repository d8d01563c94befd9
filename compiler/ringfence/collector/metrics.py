"""What the collector counts, for Prometheus; no principal is named."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ringfence.collector.writer import Delivered, OriginWriter, Taken

__all__ = ["Metrics"]

_NAME: Final = "ringfence_collector"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one collector."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests by path and status.", "path", "status")
        self._events = self._counter(
            "events", "Events of uploads that were kept.", "origin", "outcome"
        )
        self._delivered = self._counter(
            "deliveries", "Records that were delivered as such.", "origin", "outcome"
        )
        self._findings = self._counter("findings", "Refused events and requests by code.", "code")
        self._dropped = self._counter(
            "dropped_by_opa", "What OPA says it dropped.", "origin", "counter"
        )
        self._problems = self._counter("ledger_problems", "Failures of a ledger.", "origin", "code")
        self._records = self._gauge("records", "Records of the ledger.")
        self._signed = self._gauge("published_records", "Records under the checkpoint.")
        self._seconds = Histogram(
            f"{_NAME}_upload_seconds",
            "From body to disk.",
            buckets=_SECONDS,
            registry=self._registry,
        )

    def count_request(self, path: str, *, status: int, code: str = "") -> None:
        """Count an answer, and the code with which a request was refused."""
        self._requests.labels(path, str(status)).inc()
        if code:
            self._findings.labels(code).inc()

    def count_upload(self, origin: str, *, taken: Taken, seconds: float) -> None:
        """Count the events of an upload that was kept."""
        self._seconds.observe(seconds)
        counts = {
            "added": taken.added,
            "duplicate": taken.duplicates,
            "conflict": taken.conflicts,
            "refused": len(taken.refused),
        }
        for outcome, count in counts.items():
            self._events.labels(origin, outcome).inc(count)
        for one in taken.refused:
            self._findings.labels(one.code).inc()
        if taken.untimely:
            self._findings.labels("RF989").inc(taken.untimely)

    def count_delivery(self, origin: str, *, delivered: Delivered) -> None:
        """Count the records of a delivery."""
        counts = {
            "added": delivered.added,
            "duplicate": delivered.duplicates,
            "refused": len(delivered.refused),
        }
        for outcome, count in counts.items():
            self._delivered.labels(origin, outcome).inc(count)
        for one in delivered.refused:
            self._findings.labels(one.code).inc()

    def count_drops(self, origin: str, *, lost: Mapping[str, int]) -> None:
        """Count what an OPA has dropped."""
        for counter, count in lost.items():
            self._dropped.labels(origin, counter).inc(count)

    def count_problem(self, origin: str, *, code: str) -> None:
        """Count a failure of a ledger."""
        self._problems.labels(origin, code).inc()

    def text(self, writers: Mapping[str, OriginWriter]) -> bytes:
        """Return all in Prometheus' text format."""
        for origin, writer in writers.items():
            published = writer.ledger.published
            self._records.labels(origin).set(writer.ledger.size)
            self._signed.labels(origin).set(published.checkpoint.size if published else 0)
        return generate_latest(self._registry)

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"{_NAME}_{name}", said, labels, registry=self._registry)

    def _gauge(self, name: str, said: str) -> Gauge:
        return Gauge(f"{_NAME}_{name}", said, ("origin",), registry=self._registry)
