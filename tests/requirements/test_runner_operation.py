"""Runner governance, operation and exceptions: each row's passing and failing case."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.requirements.ask import DEPLOY, HOUR, NOW, START, Ask, rules
from tests.requirements.documents import REPOSITORY, signed_exception, unsigned_exception

from ringfence.errors import CompileError, OpaError
from ringfence.evaluate import bundle_files
from ringfence.opa.ask import OpaDecisions, decide_or_block
from ringfence.opa.policies import PolicyServer, write_tree
from ringfence.opa.server import OpaServer
from ringfence.pipeline import compile_repository

BOTH = pytest.mark.parametrize("point", [DEPLOY, START])
QUOTA = "runner.quota.monthly-hours"
OVER: dict[str, object] = {"usage.class_hours_month": 98 * HOUR}
DEDICATED = {
    "runner.class": "dedicated_compute",
    "runner.size": "large",
    "runner.network": "privatelink",
    "host.healthy": True,
    "host.checked_at": NOW - 900,
}


def _files() -> dict[str, bytes]:
    compiled = compile_repository(REPOSITORY, now=NOW)
    return bundle_files(compiled, release="runtime", environment="prod")


@pytest.mark.requirement("R1.6", on="opa")
def test_a_decision_cites_the_policy_it_is_from(ask: Ask) -> None:
    """R1.6: every decision cites content and release; a bundle that can't is answered with none."""
    for decision in (ask(START), ask(START, OVER), ask(START, unset=["runner.class"])):
        assert decision["policy"]["bundle"] == "runtime"
        assert decision["policy"]["environment"] == "prod"
        for member in ("content", "release"):
            assert decision["policy"][member].startswith("sha256:")
    anonymous = {path: data for path, data in _files().items() if "/about/" not in path}
    request = {"point": START, "tenant": "acme", "facts": {}}
    with PolicyServer(anonymous) as server:
        assert server.decide([(request, NOW * 10**9)]) == [None]


@pytest.mark.requirement("R1.7", on="opa")
def test_a_deployment_without_a_checked_policy_is_blocked(ask: Ask, tmp_path: Path) -> None:
    """R1.7: a deployment is allowed by the loaded policy; without a policy, or an OPA, it is blocked."""
    assert ask(DEPLOY)["action"] == "allow"
    request = {"point": DEPLOY, "tenant": "acme", "facts": {}}
    write_tree(tmp_path, {"ringfence/live/data.json": b"{}"})
    with OpaServer(paths=[tmp_path]) as empty, OpaDecisions(unix=empty.socket_path) as client:
        with pytest.raises(OpaError):
            client.decide(request)
        assert decide_or_block(client, request)["action"] == "block"
    with OpaDecisions(unix=tmp_path / "nobody-listens") as client:
        decision = decide_or_block(client, request)
    assert (decision["action"], decision["allowed"]) == ("block", False)
    assert decision["reasons"][0]["rule"] == "opa.unavailable"


@pytest.mark.requirement("R1.26", on="opa")
def test_a_run_starts_only_where_its_evidence_can_be_written(ask: Ask) -> None:
    """R1.26: with a reachable evidence sink a run starts; without, or unsaid, it is blocked."""
    assert ask(START, {"evidence.sink_reachable": True})["action"] == "allow"
    for decision in (
        ask(START, {"evidence.sink_reachable": False}),
        ask(START, unset=["evidence.sink_reachable"]),
    ):
        assert decision["action"] == "block"
        assert rules(decision) == {"runner.evidence.sink"}


@pytest.mark.requirement("R1.27", on="opa")
def test_a_dedicated_host_is_checked_just_before_the_start(ask: Ask) -> None:
    """R1.27: a healthy host starts the run; unhealthy, unchecked or checked long ago, it is blocked."""
    approval = ask.approve(START, DEDICATED, of=["runner.approval.dedicated"])
    assert ask(START, DEDICATED, approvals=[approval])["action"] == "allow"
    stale = {**DEDICATED, "host.checked_at": NOW - 901}
    unhealthy = {**DEDICATED, "host.healthy": False}
    for decision in (
        ask(START, stale, approvals=[approval]),
        ask(START, unhealthy, approvals=[approval]),
        ask(START, DEDICATED, unset=["host.healthy"], approvals=[approval]),
        ask(START, DEDICATED, unset=["host.checked_at"], approvals=[approval]),
    ):
        assert decision["action"] == "block"
        assert rules(decision) == {"runner.host.healthy"}
    assert ask(START, {"host.healthy": False})["action"] == "allow"


@BOTH
@pytest.mark.requirement("R1.28", on="opa")
def test_retries_are_capped(ask: Ask, point: str) -> None:
    """R1.28: attempts up to the cap are allowed; more, or no number at all, are blocked."""
    assert ask(point, {"retries.max_attempts": 5})["action"] == "allow"
    for decision in (
        ask(point, {"retries.max_attempts": 6}),
        ask(point, unset=["retries.max_attempts"]),
    ):
        assert decision["action"] == "block"
        assert rules(decision) == {"runner.retries.capped"}


@pytest.mark.requirement("R1.29", on="opa")
def test_who_processes_events_has_a_dead_letter_queue(ask: Ask) -> None:
    """R1.29: events with a dead letter queue are allowed, without one blocked; no events need none."""
    events = {"workload.processes_events": True}
    assert ask(DEPLOY, {**events, "dlq.ref": "queue://acme/dlq"})["action"] == "allow"
    assert ask(DEPLOY)["action"] == "allow"
    decision = ask(DEPLOY, events)
    assert decision["action"] == "block"
    assert rules(decision) == {"runner.dlq.required"}


@BOTH
@pytest.mark.requirement("R1.30", on="opa")
def test_a_timeout_keeps_to_its_class(ask: Ask, point: str) -> None:
    """R1.30: a timeout up to the class's is allowed; over it, zero or none, the run is blocked."""
    serverless = {"runner.class": "serverless", "runner.size": "small"}
    assert ask(point, {"run.timeout": 7200})["action"] == "allow"
    assert ask(point, {**serverless, "run.timeout": 900})["action"] == "allow"
    for decision in (
        ask(point, {"run.timeout": 7201}),
        ask(point, {**serverless, "run.timeout": 901}),
        ask(point, {"run.timeout": 0}),
        ask(point, unset=["run.timeout"]),
    ):
        assert decision["action"] == "block"
        assert rules(decision) == {"runner.timeout"}


@pytest.mark.requirement("R1.2", on="command")
def test_a_row_of_the_matrix_is_justified(tmp_path: Path) -> None:
    """R1.2: check refuses a row without a rationale, and one that does not say what it may touch."""
    policy = "tenants/acme/runners.yaml"
    for line in ("rationale: Transformations of customer records.", "data_up_to: confidential"):
        root = tmp_path / line.partition(":")[0]
        shutil.copytree(REPOSITORY, root)
        text = (root / policy).read_text()
        assert line in text
        (root / policy).write_text(text.replace(f"      {line}\n", ""))
        with pytest.raises(CompileError) as refused:
            compile_repository(root, now=NOW)
        wrong = {one.code for one in refused.value.diagnostics if one.span.file == policy}
        assert wrong == {"RF102"}


def _codes(tmp_path: Path, name: str, text: str) -> set[str]:
    """Return the diagnostics' codes of the repository with one exception more."""
    root = tmp_path / "repository"
    shutil.copytree(REPOSITORY, root, dirs_exist_ok=True)
    (root / f"exceptions/acme/{name}.yaml").write_text(text)
    try:
        compile_repository(root, now=NOW)
    except CompileError as error:
        return {one.code for one in error.diagnostics if one.span.file.endswith(f"{name}.yaml")}
    return set()


@pytest.mark.requirement("R1.31", on="command")
@pytest.mark.parametrize("member", ["business_justification", "risk_analysis", "cost_plan"])
def test_an_exception_says_why_what_could_happen_and_what_it_costs(
    tmp_path: Path, member: str
) -> None:
    """R1.31: a complete request is accepted; one that leaves a part out, or empty, is refused."""
    assert _codes(tmp_path, "EXC-5", signed_exception("EXC-5")) == set()
    without: dict[str, Any] = {member: None}
    assert _codes(tmp_path, "EXC-5", unsigned_exception("EXC-5", **without)) == {"RF102"}
    empty = {"extra": "", "cost_center": "CC-1", "agreed_with": "user:f@acme.example"}
    blank: dict[str, Any] = {member: empty if member == "cost_plan" else " "}
    assert _codes(tmp_path, "EXC-5", unsigned_exception("EXC-5", **blank)) == {"RF103"}


@BOTH
@pytest.mark.requirement("R1.32", on="opa")
def test_an_exception_expires(ask: Ask, point: str) -> None:
    """R1.32: an exception lifts its rule until it expires, and not a second longer."""
    expires = NOW + 14 * 24 * HOUR + 15 * HOUR
    run = {**OVER, "pipeline.id": "orders-backfill"}
    assert ask(point, run, now=expires - 1)["action"] == "allow+log"
    late = ask(point, run, now=expires)
    assert late["action"] == "block"
    assert {"exception": "EXC-1", "rule": QUOTA, "why": "expired"} in late["waivers_missed"]


@pytest.mark.requirement("R1.32", on="command")
def test_an_exception_without_an_expiry_is_refused(tmp_path: Path) -> None:
    """R1.32: check refuses an exception that would never expire."""
    forever = unsigned_exception("EXC-5", expires_at=None)
    assert _codes(tmp_path, "EXC-5", forever) == {"RF102"}


@BOTH
@pytest.mark.requirement("R1.33", on="opa")
def test_a_renewal_is_a_new_exception(ask: Ask, point: str) -> None:
    """R1.33: a renewed exception lifts; one that has expired and was not renewed does not."""
    renewed = ask(point, {**OVER, "pipeline.id": "renewed-backfill"})
    assert renewed["action"] == "allow+log"
    assert [waived["exception"] for waived in renewed["waived"]] == ["EXC-new"]
    lapsed = ask(point, {**OVER, "pipeline.id": "lapsed-backfill"})
    assert lapsed["action"] == "block"
    assert {"exception": "EXC-lapsed", "rule": QUOTA, "why": "expired"} in lapsed["waivers_missed"]


@pytest.mark.requirement("R1.33", on="command")
def test_an_exception_that_is_edited_to_last_longer_is_refused(tmp_path: Path) -> None:
    """R1.33: an extended expiry under the old signature does not verify."""
    text = (REPOSITORY / "exceptions/acme/EXC-lapsed.yaml").read_text()
    extended = text.replace("2026-11-10T00:00:00Z", "2026-11-19T00:00:00Z")
    assert extended != text
    assert _codes(tmp_path, "EXC-lapsed", extended) == {"RF514"}


@pytest.mark.requirement("R1.34", on="opa")
def test_a_waived_rule_records_approver_reason_and_expiry(ask: Ask) -> None:
    """R1.34: what was waived says by whom, why and until when; a revoked exception waives nothing."""
    (waived,) = ask(START, {**OVER, "pipeline.id": "orders-backfill"})["waived"]
    assert waived["by"] == "user:lee@platform.example"
    assert waived["reason"] == "Orders were lost and are loaded again."
    assert waived["until"] == NOW + 14 * 24 * HOUR + 15 * HOUR
    revoked = ask(START, {**OVER, "pipeline.id": "revoked-backfill"})
    assert revoked["action"] == "block"
    assert {"exception": "EXC-9", "rule": QUOTA, "why": "revoked"} in revoked["waivers_missed"]


@pytest.mark.requirement("R1.34", on="opa")
def test_an_attested_fact_that_nobody_attests_matches_no_exception(ask: Ask) -> None:
    """R1.34: an exception for a scanned artifact holds with the scanner's word, not on the caller's."""
    facts = {**OVER, "pipeline.id": "scanned-backfill"}
    held = ask(DEPLOY, facts)
    assert rules(held, "waived") == {QUOTA}
    assert held["waived"][0]["on_the_word_of"] == ["attested", "caller"]
    alone = ask(DEPLOY, facts, attestations=[])
    assert alone["waived"] == []
    missed = {"exception": "EXC-scanned", "rule": QUOTA, "why": "not_attested"}
    assert missed in alone["waivers_missed"]


@pytest.mark.requirement("R1.34", on="command")
def test_an_exception_needs_an_approver_and_a_reason(tmp_path: Path) -> None:
    """R1.34: without an approval, or without a reason, an exception is refused."""
    assert _codes(tmp_path, "EXC-5", unsigned_exception("EXC-5")) == {"RF510"}
    silent = unsigned_exception("EXC-5", business_justification=None)
    assert _codes(tmp_path, "EXC-5", silent) == {"RF102"}
