"""Runner governance, the matrix and its limits: each row's passing and failing case on the real OPA."""

import pytest
from tests.requirements.ask import DEPLOY, HOUR, NOW, START, Ask, rules

DEDICATED = {
    "runner.class": "dedicated_compute",
    "runner.size": "large",
    "runner.network": "privatelink",
    "host.healthy": True,
    "host.checked_at": NOW - 60,
}
APPROVAL = "runner.approval"
BOTH = pytest.mark.parametrize("point", [DEPLOY, START])


@BOTH
@pytest.mark.requirement("R1.1", on="opa")
def test_only_combinations_of_the_matrix_run(ask: Ask, point: str) -> None:
    """R1.1: what the tenant's matrix lists is allowed, and what it does not list is blocked."""
    assert ask(point)["action"] == "allow"
    decision = ask(point, {"runner.class": "serverless", "runner.size": "medium"})
    assert decision["action"] == "block"
    assert rules(decision) == {"runner.matrix"}
    etl = ask(point, {"runner.class": "managed_etl", "runner.size": "large"})
    assert etl["action"] == "block"
    assert "runner.matrix" in rules(etl)


@pytest.mark.requirement("R1.1", on="opa")
def test_a_matrix_counts_for_its_own_tenant_only(ask: Ask) -> None:
    """R1.1: what globex may run on, acme may not, and the other way round."""
    etl = {
        "runner.class": "managed_etl",
        "runner.size": "large",
        "usage.class_hours_month": HOUR,
        "tags.tenant": "globex",
    }
    assert ask(START, etl, tenant="globex")["action"] == "allow"
    container = ask(START, {"tags.tenant": "globex"}, tenant="globex")
    assert container["action"] == "block"
    assert "runner.matrix" in rules(container)


@BOTH
@pytest.mark.requirement("R1.2", on="opa")
def test_a_row_touches_data_up_to_its_classification(ask: Ask, point: str) -> None:
    """R1.2: confidential data runs where a row says so; more sensitive data than the row's does not."""
    assert ask(point, {"data.classification": "confidential"})["action"] == "allow"
    decision = ask(point, {"data.classification": "restricted"})
    assert decision["action"] == "block"
    assert rules(decision) == {"runner.classification"}
    small = {"runner.class": "serverless", "runner.size": "small"}
    assert ask(point, small)["action"] == "allow"
    assert rules(ask(point, {**small, "data.classification": "confidential"})) == {
        "runner.classification"
    }


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        pytest.param(
            "xlarge",
            {"runner.size": "xlarge"},
            marks=pytest.mark.requirement("R1.3", on="opa"),
        ),
        pytest.param(
            "custom",
            {"runner.profile": "custom"},
            marks=pytest.mark.requirement("R1.4", on="opa"),
        ),
        pytest.param(
            "custom",
            {"runner.size": "custom"},
            marks=pytest.mark.requirement("R1.4", on="opa"),
        ),
        pytest.param("dedicated", DEDICATED, marks=pytest.mark.requirement("R1.5", on="opa")),
    ],
)
def test_high_impact_runners_need_a_documented_approval(
    ask: Ask, rule: str, changes: dict[str, object]
) -> None:
    """R1.3, R1.4, R1.5: without approval a person must look; with one it is allowed, and attached."""
    changes = {name: fact for name, fact in changes.items() if not name.startswith("host.")}
    decision = ask(DEPLOY, changes)
    assert decision["action"] == "human_review"
    assert not decision["allowed"]
    assert rules(decision) == {f"{APPROVAL}.{rule}"}
    approval = ask.approve(DEPLOY, changes, of=[f"{APPROVAL}.{rule}"], jti="apr-1")
    approved = ask(DEPLOY, changes, approvals=[approval])
    assert approved["action"] == "allow"
    assert approved["approvals"][0]["by"] == "user:lee@platform.example"
    assert approved["obligations"] == [
        {"attach": "approval", "rule": f"{APPROVAL}.{rule}", "approval": "apr-1"}
    ]


@pytest.mark.requirement("R1.9", "R1.32", on="opa")
def test_xlarge_is_blocked_at_start_too(ask: Ask) -> None:
    """R1.9, R1.32: an approval that is valid today starts an xlarge run; one that has expired does not."""
    changes = {"runner.size": "xlarge"}
    assert ask(START, changes)["action"] == "block"
    approval = ask.approve(START, changes, of=[f"{APPROVAL}.xlarge"])
    assert ask(START, changes, approvals=[approval])["action"] == "allow"
    later = ask(START, changes, approvals=[approval], now=NOW + 24 * HOUR)
    assert later["action"] == "block"
    assert rules(later) == {f"{APPROVAL}.xlarge"}
    assert [missed["why"] for missed in later["approvals_missed"]] == ["expired"]


@BOTH
@pytest.mark.requirement("R1.10", on="opa")
def test_a_new_workload_without_a_size_gets_the_default(ask: Ask, point: str) -> None:
    """R1.10: a new workload gets medium, or the smallest its class has; an existing one must say."""
    new = ask(point, {"workload.is_new": True}, unset=["runner.size"])
    assert new["action"] == "allow"
    assert new["obligations"] == [{"set": "runner.size", "to": "medium"}]
    serverless = {"workload.is_new": True, "runner.class": "serverless"}
    assert ask(point, serverless, unset=["runner.size"])["obligations"] == [
        {"set": "runner.size", "to": "small"}
    ]
    existing = ask(point, unset=["runner.size"])
    assert existing["action"] == "block"
    assert rules(existing) == {"runner.size.declared"}
    assert {"set": "runner.size", "to": "medium"} not in existing["obligations"]


@pytest.mark.requirement("R1.1", "R1.2", "R1.10", on="opa")
def test_the_default_size_is_judged_as_if_it_were_declared(ask: Ask) -> None:
    """R1.10: a default that the matrix does not list, or that may not touch this data, is blocked."""
    new = {"workload.is_new": True}
    secret = ask(START, {**new, "data.classification": "restricted"}, unset=["runner.size"])
    assert rules(secret) == {"runner.classification"}
    site = {**new, "runner.network": "on_premise", "residency.requirement_id": "RES-1"}
    unlisted = ask(START, site, unset=["runner.size"])
    assert unlisted["action"] == "block"
    assert rules(unlisted) == {"runner.matrix"}


@BOTH
@pytest.mark.requirement("R1.11", on="opa")
def test_concurrency_is_capped(ask: Ask, point: str) -> None:
    """R1.11: the tenth runner of ten is allowed, the eleventh is blocked."""
    assert ask(point, {"usage.running": 9, "run.concurrency": 1})["action"] == "allow"
    decision = ask(point, {"usage.running": 10, "run.concurrency": 1})
    assert decision["action"] == "block"
    assert rules(decision) == {"runner.quota.concurrency"}


@BOTH
@pytest.mark.requirement("R1.17", "R1.20", on="opa")
def test_monthly_hours_are_a_quota_of_class_and_tenant(ask: Ask, point: str) -> None:
    """R1.17, R1.20: a quota may be reached; passed, the run is blocked unless a live override holds."""
    assert ask(point, {"usage.class_hours_month": 95 * HOUR})["action"] == "allow"
    over = {"usage.class_hours_month": 98 * HOUR}
    decision = ask(point, over)
    assert decision["action"] == "block"
    assert rules(decision) == {"runner.quota.monthly-hours"}
    assert "370800 s of container" in decision["reasons"][0]["message"]
    overridden = ask(point, {**over, "pipeline.id": "orders-backfill"})
    assert overridden["action"] == "allow+log"
    (waived,) = overridden["waived"]
    assert (waived["exception"], waived["by"]) == ("EXC-1", "user:lee@platform.example")
    above = ask(point, {"usage.class_hours_month": 136 * HOUR, "pipeline.id": "orders-backfill"})
    assert above["action"] == "block"
    assert {"exception": "EXC-1", "rule": "runner.quota.monthly-hours", "why": "above_ceiling"} in (
        above["waivers_missed"]
    )


@pytest.mark.requirement("R1.41", on="opa")
def test_usage_over_the_quota_alerts_once(ask: Ask) -> None:
    """R1.41: usage under the quota obliges to nothing, over it to one alert."""
    assert ask(START)["obligations"] == []
    over = ask(START, {"usage.class_hours_month": 98 * HOUR})
    assert over["obligations"].count({"alert": "usage_over_quota"}) == 1


@pytest.mark.requirement("R1.42", on="opa")
def test_a_denied_run_alerts(ask: Ask) -> None:
    """R1.42: an allowed run raises no alert; a blocked one does, evaluated or not, beside its reasons."""
    assert ask(START)["obligations"] == []
    for denied in (ask(START, {"run.timeout": 7201}), ask(START, unset=["runner.class"])):
        assert denied["action"] == "block"
        assert denied["obligations"] == [{"alert": "blocked"}]
        assert denied["reasons"][0]["message"]
