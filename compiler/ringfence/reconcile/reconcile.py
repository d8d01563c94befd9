"""Compare what runners, decisions, logs and policies say, all at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.decision_log.event import LogEvent, LogFinding
from ringfence.evidence.records import Record
from ringfence.personal.store import PersonalStore
from ringfence.reconcile.again import Again, Sample, evaluate_again, match_events
from ringfence.reconcile.finding import Finding
from ringfence.reconcile.join import join_runs, signed_runs
from ringfence.reconcile.report import Report
from ringfence.reconcile.seen import Seen, text
from ringfence.reconcile.shelf import Shelf
from ringfence.reconcile.usage import Withdrawn, check_usage

__all__ = ["Terms", "reconcile"]

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what is compared.

    `runners` are the keys of those who may sign runs. Decisions at `points` that allowed must have a run
    once they are `grace` seconds old at `now` (epoch seconds). An approval may serve `uses` runs.
    """

    runners: Mapping[str, Ed25519PublicKey]
    points: frozenset[str]
    now: int
    grace: int
    uses: int
    withdrawn: Withdrawn
    sample: Sample | None = None


def reconcile(
    seen: Seen,
    *,
    terms: Terms,
    events: Iterable[LogEvent | LogFinding],
    shelf: Shelf,
    runs: Sequence[Record] = (),
    store: PersonalStore | None = None,
) -> Report:
    """Return all that does not fit; `runs` are records that the ledger need not have.

    `store` opens what records commit to, and is only read. Raise OpaError where OPA cannot evaluate, and
    EvidenceError where the store cannot be used.
    """
    signed, findings = signed_runs([*seen.runs, *runs], trusted=terms.runners)
    joined, missing = join_runs(
        seen, signed, points=terms.points, before_ns=(terms.now - terms.grace) * _NS
    )
    findings += joined
    findings += check_usage(seen, signed, withdrawn=terms.withdrawn, uses=terms.uses)
    findings += _lost(seen)
    again = Again()
    matched = match_events(events, seen, again, store=store)
    evaluate_again(seen, matched, shelf=shelf, sample=terms.sample, again=again)
    return Report(
        seen=seen,
        runs=len(signed),
        findings=tuple(sorted({*findings, *again.findings})),
        missing=tuple(missing),
        again=again,
        sample=terms.sample,
    )


def _lost(seen: Seen) -> list[Finding]:
    """Return what the ledger itself says that it lacks, or has twice."""
    found = [
        Finding(code="RF988", message=f"OPA of `{principal}` has lost {lost} events: `{counter}`")
        for (principal, counter), lost in seen.dropped.items()
    ]
    found += [
        Finding(
            code="RF912",
            message="two records came under one id",
            tenant=text(body, "tenant"),
            decision_id=text(body, "decision_id"),
        )
        for body in seen.conflicts
    ]
    return found
