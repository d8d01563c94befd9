"""Run records: what ran, with what, under which checks; one that lacks something cannot be closed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run_model import CheckResult, RunReport

__all__ = ["checks_of", "close_run", "runs_without_record"]


def close_run(report: Mapping[str, Any] | RunReport, *, decisions: Sequence[DecisionUse]) -> Record:
    """Return the record of a finished run, or raise EvidenceError with all that is missing.

    `decisions` are those under which it ran. Refused are: a mandatory field that is absent, an image
    without digest, a driver without exact version, a secret that is no reference into the platform's
    secrets service, a decision that did not allow the run, is another tenant's or does not show what
    passed, an applicable check that is not listed or not as decided, and a used approval or exception
    that is not attached as it was used. Places are named, values never are.
    """
    run = report if isinstance(report, RunReport) else _parse(report)
    missing = [
        *_uncounted(run, decisions),
        *_unlike(run, decisions),
        *_uncovered(run, decisions),
        *_unattached(run, decisions),
    ]
    if not run.images and not run.drivers:
        missing.append("images: an image digest or a driver version")
    if not decisions:
        missing.append("checks: a decision")
    if missing:
        raise _refuse(missing)
    return make_record(RecordKind.RUN, run.model_dump(mode="json", by_alias=True))


def checks_of(decision: DecisionUse) -> tuple[CheckResult, ...]:
    """Return the outcome of every applicable check, as the decision has it."""
    return tuple(
        CheckResult(id=rule, outcome=outcome, decision_id=decision.decision_id)
        for rule, outcome in sorted(decision.outcomes().items())
    )


def runs_without_record(finished: Iterable[str], *, records: Iterable[Record]) -> tuple[str, ...]:
    """Return the ids of finished runs that no run record names, sorted."""
    named = {record.body["run_id"] for record in records if record.kind is RecordKind.RUN}
    return tuple(sorted(set(finished) - named))


def _parse(report: Mapping[str, Any]) -> RunReport:
    try:
        return RunReport.model_validate(dict(report))
    except ValidationError as error:
        # Only places and rules: pydantic's own text would show the value.
        raise _refuse(
            f"{_place(one['loc'], one['type'])}: {_said(one)}"
            for one in error.errors(include_input=False)
        ) from None


def _place(steps: Sequence[int | str], problem: str) -> str:
    """Write `("secrets", 0, "ref")` as `secrets[0].ref`, and an unknown field as its parent."""
    text = ""
    for step in steps[:-1] if problem == "extra_forbidden" else steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def _said(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            return "has a field that no run record has"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return "not of the right form"


def _refuse(missing: Iterable[str]) -> EvidenceError:
    found = tuple(sorted(set(missing)))
    return EvidenceError(
        "RF913",
        f"the run cannot be closed: {'; '.join(found)}",
        help="complete the run's report, and close it again",
        missing=found,
    )


def _uncounted(run: RunReport, decisions: Sequence[DecisionUse]) -> list[str]:
    """Name the decisions that cannot stand for the run."""
    return [
        f"checks: decision `{one.decision_id}` {problem}"
        for one in decisions
        for problem, holds in (
            ("did not allow the run", not one.allowed),
            ("is of another tenant", one.tenant != run.tenant),
            ("does not show what passed", not one.whole),
        )
        if holds
    ]


def _unlike(run: RunReport, decisions: Sequence[DecisionUse]) -> list[str]:
    """Name what of the runner is not as it was decided, where the decision's record has it."""
    reported = {
        "runner.class": run.runner.class_,
        "runner.size": run.runner.size,
        "runner.network": run.runner.network_profile,
    }
    return [
        f"{name}: not as decision `{decision.decision_id}` has it"
        for decision in decisions
        for name, value in reported.items()
        if decision.facts.get(name, value) != value
    ]


def _uncovered(run: RunReport, decisions: Sequence[DecisionUse]) -> list[str]:
    listed = {(check.decision_id, check.id): check.outcome for check in run.checks}
    missing = []
    for decision in decisions:
        for rule, outcome in decision.outcomes().items():
            found = listed.pop((decision.decision_id, rule), None)
            if found is None:
                missing.append(f"checks: `{rule}` of decision `{decision.decision_id}`")
            elif found is not outcome:
                missing.append(f"checks: `{rule}` was decided `{outcome}`, not `{found}`")
    return missing + ["checks: one that no decision has"] * bool(listed)


def _unattached(run: RunReport, decisions: Sequence[DecisionUse]) -> list[str]:
    attached = {(a.kind, a.id, a.rule): (a.by, a.expires_at) for a in run.approvals}
    missing = []
    for used in (lifted for decision in decisions for lifted in decision.lifted):
        found = attached.get((used.kind, used.id, used.rule))
        by = used.by if used.by is not None or found is None else found[0]
        if found != (by, used.until):
            problem = "" if found is None else ", by whom and until when it was decided"
            text = f"approvals: the {used.kind} `{used.id}` that lifted `{used.rule}`{problem}"
            missing.append(text)
    return missing
