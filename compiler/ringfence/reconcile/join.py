"""Run records and decisions, joined both ways."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record
from ringfence.evidence.run_signature import signer_of_run
from ringfence.reconcile.finding import Finding
from ringfence.reconcile.seen import Decided, Seen, entries, text

__all__ = ["Missing", "Run", "join_runs", "signed_runs"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run whose record a trusted runner has signed, and the decisions that it names."""

    runner: str
    run_id: str
    tenant: str
    body: Mapping[str, Any]
    decision_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A counterpart that is not there: `no_decision` of a run, or `no_run` of a decision."""

    cause: str
    principal: str
    tenant: str
    decision_id: str
    run_id: str = ""


def signed_runs(
    records: Sequence[Record], *, trusted: Mapping[str, Ed25519PublicKey]
) -> tuple[list[Run], list[Finding]]:
    """Return the runs whose signature holds, each once, and a finding (RF990) for every other record."""
    runs: dict[bytes, Run] = {}
    findings = []
    for record in records:
        body = record.body
        try:
            runner = signer_of_run(body, trusted=trusted)
        except EvidenceError as error:
            findings.append(_of_run(body, "RF990", error.message))
        else:
            runs[record.data] = Run(
                runner, text(body, "run_id"), text(body, "tenant"), body, _named(body)
            )
    return list(runs.values()), findings


def join_runs(
    seen: Seen, runs: Sequence[Run], *, points: frozenset[str], before_ns: int
) -> tuple[list[Finding], list[Missing]]:
    """Return what does not fit between runs and decisions, and the counterparts that are missing.

    A decision at one of the `points` that allowed must have a run once it is older than `before_ns`
    (epoch nanoseconds): a run is recorded when it has ended.
    """
    by_id = seen.by_id()
    findings: list[Finding] = []
    missing: list[Missing] = []
    for run in runs:
        for decision_id in run.decision_ids:
            found = [one for one in by_id.get(decision_id, ()) if one.tenant == run.tenant]
            if found:
                findings += _unlike(run, found[0])
            elif decision_id in by_id:
                findings.append(_of_run(run.body, "RF993", "the decision is another tenant's"))
            else:
                findings.append(
                    _of_run(run.body, "RF991", "the run names it; the ledger lacks it", decision_id)
                )
                missing.append(_no_decision(run, decision_id))
    named = {(run.tenant, decision_id) for run in runs for decision_id in run.decision_ids}
    for one in seen.decisions:
        needs_run = one.allowed and one.point in points and one.time_ns < before_ns
        if needs_run and (one.tenant, one.decision_id) not in named:
            findings.append(
                Finding(
                    code="RF992",
                    message=f"allowed at `{one.point}`, and no signed run names it",
                    tenant=one.tenant,
                    decision_id=one.decision_id,
                )
            )
            missing.append(
                Missing(
                    cause="no_run",
                    principal=one.principal,
                    tenant=one.tenant,
                    decision_id=one.decision_id,
                )
            )
    return findings, missing


def _named(body: Mapping[str, Any]) -> tuple[str, ...]:
    found = {text(check, "decision_id") for check in _checks(body)}
    return tuple(sorted(found - {""}))


def _checks(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the checks that have the form of one: a runner's signature says nothing of that."""
    checks = body.get("checks")
    return [one for one in checks if isinstance(one, dict)] if isinstance(checks, list) else []


def _no_decision(run: Run, decision_id: str) -> Missing:
    return Missing(
        cause="no_decision",
        principal=run.runner,
        tenant=run.tenant,
        decision_id=decision_id,
        run_id=run.run_id,
    )


def _unlike(run: Run, decided: Decided) -> Iterator[Finding]:
    """Yield where a run says something else than the decision that it names."""
    try:
        use = DecisionUse.of_record(decided.body, applicable=frozenset())
    except EvidenceError as error:
        yield _of_run(run.body, "RF993", error.message, decided.decision_id)
        return
    problems = [] if use.allowed else ["the decision did not allow it"]
    problems += [] if use.whole else ["the decision does not show what passed"]
    outcomes = {rule: outcome.value for rule, outcome in use.outcomes().items()}
    listed = {
        text(check, "id"): text(check, "outcome")
        for check in entries(run.body, "checks")
        if check.get("decision_id") == decided.decision_id
    }
    for rule in sorted(outcomes.keys() | listed.keys()):
        was = outcomes.get(rule, "passed")
        if listed.get(rule) != was:
            problems.append(f"`{rule}` was decided `{was}`, and is not listed so")
    said = run.body.get("runner")
    runner = said if isinstance(said, dict) else {}
    for fact, name in (("class", "class"), ("size", "size"), ("network", "network_profile")):
        if use.facts.get(f"runner.{fact}", runner.get(name)) != runner.get(name):
            problems.append(f"`runner.{fact}` is not as it was decided")
    for problem in problems:
        yield _of_run(run.body, "RF993", problem, decided.decision_id)


def _of_run(body: Mapping[str, Any], code: str, message: str, decision_id: str = "") -> Finding:
    return Finding(
        code=code,
        message=message,
        tenant=text(body, "tenant"),
        decision_id=decision_id,
        run_id=text(body, "run_id"),
    )
