"""Facts about run records: what must be there before a run can be closed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests.evidence.samples import ALLOWED, decision, event

from ringfence.evidence.decision import make_decision
from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind
from ringfence.evidence.run import checks_of, close_run, runs_without_record
from ringfence.evidence.run_model import CheckOutcome, SecretUse

APPLICABLE = frozenset(
    {"runner.timeout", "runner.images", "runner.quota.monthly-hours", "runner.approval.dedicated"}
)
BODY = make_decision(
    event(result=decision(action="allow", allowed=True, reasons=[])), allowed_facts=ALLOWED
).body
USE = DecisionUse.of_record(BODY, applicable=APPLICABLE)
REPORT: dict[str, Any] = {
    "run_id": "run-1",
    "tenant": "acme",
    "runner": {"class": "container", "size": "medium", "network_profile": "privatelink"},
    "images": [{"name": "registry.internal/acme", "digest": f"sha256:{'5f' * 32}"}],
    "drivers": [{"name": "sap_hana_client", "version": "2.18.4"}],
    "secrets": [{"ref": "secret://platform/acme/warehouse", "version": "3"}],
    "checks": [
        {"id": one.id, "outcome": one.outcome.value, "decision_id": one.decision_id}
        for one in checks_of(USE)
    ],
    "approvals": [
        {
            "kind": "exception",
            "id": "EXC-2041",
            "rule": "runner.quota.monthly-hours",
            "by": "user:lee@platform.example",
            "reason": "Re-run of 12 days lost in OUT-88.",
            "expires_at": 1796342400,
            "reference": "exceptions/acme/EXC-2041.yaml",
        },
        {
            "kind": "approval",
            "id": "app-5a95",
            "rule": "runner.approval.dedicated",
            "by": "user:lee@platform.example",
            "reason": "Reviewed in CAB-7.",
            "expires_at": 1795211811,
            "reference": "approvals/app-5a95.jws",
        },
    ],
}
SECRET = "hunter2-s3cr3t-value"


def _without(report: dict[str, Any], path: str) -> None:
    *steps, last = path.split(".")
    node: Any = report
    for step in steps:
        node = node[int(step)] if step.isdigit() else node[step]
    node.pop(int(last) if last.isdigit() else last)


def _missing(change: Callable[[dict[str, Any]], object]) -> tuple[str, ...]:
    """Return what a changed report is refused for."""
    report = copy.deepcopy(REPORT)
    change(report)
    with pytest.raises(EvidenceError) as caught:
        close_run(report, decisions=[USE])
    assert caught.value.code == "RF913"
    assert SECRET not in str(caught.value)
    return caught.value.missing


def test_complete_run_is_closed() -> None:
    """R1.35, R1.36, R1.37, R1.38, R1.39: a complete report becomes a record, as it was reported."""
    record = close_run(REPORT, decisions=[USE])
    assert record.kind is RecordKind.RUN
    assert record.body == REPORT


@pytest.mark.parametrize(
    "path",
    [
        "run_id", "tenant", "runner", "runner.class", "runner.size", "runner.network_profile",
        "images", "images.0.digest", "images.0.name", "drivers", "drivers.0.version", "secrets",
        "secrets.0.ref", "secrets.0.version", "checks", "checks.0.outcome",
        "checks.0.decision_id", "approvals.0.by", "approvals.0.reason", "approvals.0.expires_at",
    ],
)  # fmt: skip
def test_missing_field_is_named(path: str) -> None:
    """R1.35 and R1.34: a run without a mandatory field is not closed, and the field is named."""
    written = path.replace(".0", "[0]")
    assert f"{written}: missing" in _missing(lambda report: _without(report, path))


def test_all_that_is_missing_is_told_at_once() -> None:
    """R1.35: class, size and network profile are named together, sorted."""
    assert _missing(lambda report: report.update(runner={})) == (
        "runner.class: missing",
        "runner.network_profile: missing",
        "runner.size: missing",
    )


@pytest.mark.parametrize("field", ["size", "class"])
def test_runner_must_be_the_one_decided_on(field: str) -> None:
    """R1.35: a runner unlike the one in the decision's record is refused."""
    missing = _missing(lambda report: report["runner"].update({field: "xlarge"}))
    assert missing == (f"runner.{field}: not as decision `decision-0` has it",)


@pytest.mark.parametrize("digest", ["v2.1.3", "latest", "sha256:5f1d", "", f"sha1:{'5f' * 32}"])
def test_image_by_tag_only_is_refused(digest: str) -> None:
    """R1.36: an image is recorded by its digest, never by a tag."""
    missing = _missing(lambda report: report["images"][0].update(digest=digest))
    assert missing == ("images[0].digest: not a `sha256:` digest; a tag pins no content",)


@pytest.mark.parametrize("version", ["latest", "*", "^2.18", ">=2"])
def test_driver_without_exact_version_is_refused(version: str) -> None:
    """R1.36: a driver is recorded by its exact version."""
    missing = _missing(lambda report: report["drivers"][0].update(version=version))
    assert missing == ("drivers[0].version: not an exact version",)


def test_run_needs_an_image_or_a_driver() -> None:
    """R1.36: with neither, nothing says what ran; one of them is enough."""
    missing = _missing(lambda report: report.update(images=[], drivers=[]))
    assert missing == ("images: an image digest or a driver version",)
    assert close_run({**REPORT, "drivers": []}, decisions=[USE]).body["drivers"] == []


@pytest.mark.parametrize(
    "value",
    [
        SECRET, f"secret://{SECRET}", f"secret://user:{SECRET}@platform/x", f"https://{SECRET}",
        f"secret://platform/acme/x?value={SECRET}", f"SECRET://platform/{SECRET}", 7, [SECRET],
        f"secret://platform/acme/{SECRET}\n", f"secret://platform/{'a' * 200}/{SECRET}", "",
    ],
)  # fmt: skip
def test_secret_by_value_is_refused_and_not_shown(value: Any) -> None:
    """R1.37: what is no reference into the platform's secrets service is refused, unseen."""
    (missing,) = _missing(lambda report: report["secrets"][0].update(ref=value))
    assert missing.startswith("secrets[0].ref: not ")


@pytest.mark.parametrize("version", [SECRET, "AWSCURRENT", "", "12345678901"])
def test_secret_in_the_version_is_refused_and_not_shown(version: str) -> None:
    """R1.37: a version is a number or a UUID, so that no value fits."""
    (missing,) = _missing(lambda report: report["secrets"][0].update(version=version))
    assert missing == "secrets[0].version: not a version's number or UUID"


def test_no_field_holds_a_secrets_value() -> None:
    """R1.37: the model has reference and version only, and a further field is refused, unseen."""
    assert set(SecretUse.model_fields) == {"ref", "version"}
    (missing,) = _missing(lambda report: report["secrets"][0].update({SECRET: SECRET}))
    assert missing == "secrets[0]: has a field that no run record has"


def test_applicable_check_that_is_not_listed_is_refused() -> None:
    """R1.38: every check that applied must appear, for its decision."""
    missing = _missing(lambda report: report["checks"].pop(1))
    assert missing == ("checks: `runner.images` of decision `decision-0`",)


def test_check_listed_otherwise_than_decided_is_refused() -> None:
    """R1.38: a waived check is not reported as passed, and none is made up."""
    missing = _missing(lambda report: report["checks"][2].update(outcome="passed"))
    assert missing == ("checks: `runner.quota.monthly-hours` was decided `waived`, not `passed`",)
    invented = {"id": "runner.made-up", "outcome": "passed", "decision_id": "decision-0"}
    missing = _missing(lambda report: report["checks"].append(invented))
    assert missing == ("checks: one that no decision has",)


def test_outcomes_follow_the_decision() -> None:
    """R1.38: passed is what applies and is in no other list of the decision."""
    failed = DecisionUse.of_record(
        make_decision(event(), allowed_facts=ALLOWED).body, applicable=APPLICABLE
    )
    assert {one.id: one.outcome for one in checks_of(failed)} == {
        "runner.approval.dedicated": CheckOutcome.APPROVED,
        "runner.images": CheckOutcome.PASSED,
        "runner.quota.monthly-hours": CheckOutcome.WAIVED,
        "runner.timeout": CheckOutcome.FAILED,
    }


def test_used_approval_must_be_attached() -> None:
    """R1.39: an exception or approval that lifted a rule is attached, or the run is not closed."""
    assert _missing(lambda report: report.pop("approvals")) == (
        "approvals: the approval `app-5a95` that lifted `runner.approval.dedicated`",
        "approvals: the exception `EXC-2041` that lifted `runner.quota.monthly-hours`",
    )
    other = {"id": "EXC-9999"}
    assert len(_missing(lambda report: report["approvals"][0].update(other))) == 1


@pytest.mark.parametrize("other", [{"by": "user:eve@acme.example"}, {"expires_at": 1900000000}])
@pytest.mark.parametrize(
    ("place", "name"), [(0, "exception `EXC-2041`"), (1, "approval `app-5a95`")]
)
def test_attached_approval_is_the_one_that_was_decided(
    other: dict[str, Any], place: int, name: str
) -> None:
    """R1.39: another approver or a later expiry than the decision's is refused."""
    (missing,) = _missing(lambda report: report["approvals"][place].update(other))
    assert missing.startswith(f"approvals: the {name} that lifted `")
    assert missing.endswith(", by whom and until when it was decided")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"result": decision(reasons=[])}, "did not allow the run"),
        ({"input": {"tenant": "globex", "facts": {}}}, "is of another tenant"),
        ({"input": {"facts": {}}}, "is of another tenant"),
        (
            {"result": decision(action="allow", allowed=True, reasons=[], evaluated=False)},
            "does not show what passed",
        ),
    ],
)
def test_decision_that_cannot_stand_for_the_run_is_refused(
    changes: dict[str, Any], problem: str
) -> None:
    """R1.38: a decision that blocked, is another tenant's, or was not evaluated shows no check."""
    result = decision(action="allow", allowed=True, reasons=[])
    body = make_decision(event(**{"result": result, **changes}), allowed_facts=frozenset()).body
    use = DecisionUse.of_record(body, applicable=APPLICABLE)
    checks = [one.model_dump(mode="json") for one in checks_of(use)]
    with pytest.raises(EvidenceError) as caught:
        close_run({**REPORT, "checks": checks}, decisions=[use])
    assert caught.value.missing == (f"checks: decision `decision-0` {problem}",)


def test_undecided_event_shows_nothing_passed() -> None:
    """R1.38: where OPA gave no result, or entries were left out, no rule counts as passed."""
    for body in (
        make_decision(event(result=None), allowed_facts=ALLOWED).body,
        {**BODY, "omitted": {"reasons": 3}, "waived": [], "approvals": []},
    ):
        use = DecisionUse.of_record(body, applicable=APPLICABLE)
        assert checks_of(use) == ()
        with pytest.raises(EvidenceError) as caught:
            close_run({**REPORT, "checks": [], "approvals": []}, decisions=[use])
        assert "checks: decision `decision-0` does not show what passed" in caught.value.missing


@pytest.mark.parametrize(
    "changes",
    [
        {"reasons": [{"action": "block"}]}, {"observed": [{"rule": {"withheld": True}}]},
        {"waived": [{"rule": "r"}]}, {"reasons": 7}, {"reasons": ["r"]}, {"decision_id": 7},
        {"approvals": [{"rule": "r", "approval": "a", "by": "b", "until": True}]},
    ],
)  # fmt: skip
def test_record_that_hides_its_rules_is_refused(changes: dict[str, Any]) -> None:
    """A decision record of another shape is refused as evidence of a run, not misread."""
    with pytest.raises(EvidenceError) as caught:
        DecisionUse.of_record({**BODY, **changes}, applicable=APPLICABLE)
    assert caught.value.code == "RF913"


def test_run_under_no_decision_is_refused() -> None:
    """R1.38: a run that no decision covers has no checks, and is not closed."""
    with pytest.raises(EvidenceError) as caught:
        close_run({**REPORT, "checks": [], "approvals": []}, decisions=[])
    assert caught.value.missing == ("checks: a decision",)


def test_finished_run_without_record_is_found() -> None:
    """R1.26: of the finished runs, those that no run record names are told."""
    records = [close_run({**REPORT, "run_id": f"run-{n}"}, decisions=[USE]) for n in (1, 2)]
    records.append(make_decision(event(), allowed_facts=ALLOWED))
    assert runs_without_record(["run-3", "run-1", "run-2"], records=records) == ("run-3",)
    assert runs_without_record(["run-1"], records=records) == ()
