"""What a reconciliation found, and how blind we are."""

from dataclasses import dataclass
from typing import Any

from ringfence.reconcile.again import Again, Sample
from ringfence.reconcile.finding import Finding
from ringfence.reconcile.join import Missing
from ringfence.reconcile.seen import Seen

__all__ = ["Report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was compared, and all findings, sorted.

    `runs` counts those that a trusted runner has signed.
    """

    seen: Seen
    runs: int
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    again: Again
    sample: Sample | None

    @property
    def known(self) -> int:
        """Count the decisions that anyone has told of, seen or not."""
        named = {
            (one.tenant, one.decision_id) for one in self.missing if one.cause == "no_decision"
        }
        logged = {
            one.decision_id for one in self.again.findings if one.code == "RF991"
        } - {decision_id for _, decision_id in named}  # fmt: skip
        return (
            len(self.seen.decisions) + len(named) + len(logged)
            + sum(self.seen.dropped.values()) + self.seen.refused
        )  # fmt: skip

    @property
    def blind(self) -> float | None:
        """Return the part of the known decisions that was not shown to be right; None where none is known.

        Shown to be right is what stands in the ledger, was evaluated again, and came out as recorded.
        """
        return 1 - self.again.agreed / self.known if self.known else None

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        again, sample = self.again, self.sample
        dropped = sorted(self.seen.dropped.items())
        return {
            "blind": self.blind,
            "known": self.known,
            "decisions": len(self.seen.decisions),
            "runs": self.runs,
            "evaluated": again.evaluated,
            "agreed": again.agreed,
            "not_evaluated": dict(sorted(again.skipped.items())),
            "not_evaluated_examples": dict(sorted(again.examples.items())),
            "sample": {"count": sample.count, "seed": sample.seed} if sample else None,
            "dropped": [
                {"principal": principal, "counter": counter, "lost": lost}
                for (principal, counter), lost in dropped
            ],
            "refused": self.seen.refused,
            "uploads_with_uncounted_refusals": self.seen.unrecorded,
            "findings": [one.as_json() for one in self.findings],
            "unreadable": [
                {"place": one.place, "code": one.code, "message": one.message}
                for one in again.unreadable
            ],
        }
