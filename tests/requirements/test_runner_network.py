"""Runner governance, networks, tags and security: each row's passing and failing case on the real OPA."""

import pytest
from tests.requirements.ask import DEPLOY, NOW, START, Ask, rules

DAY = 86_400
BOTH = pytest.mark.parametrize("point", [DEPLOY, START])
DB = {"host": "db.acme.example", "private_available": True}
SAAS = {"host": "api.saas.example", "private_available": False}
SERVERLESS = {"runner.class": "serverless", "runner.size": "small"}
PUBLIC = {**SERVERLESS, "runner.network": "public_vpc_egress"}
SITE = {"runner.size": "large", "runner.network": "on_premise"}


def _only(ask: Ask, point: str, rule: str, **given: object) -> None:
    """Assert that a request is blocked by one rule and nothing else."""
    decision = ask(point, given.get("changes"), unset=given.get("unset", ()))  # type: ignore[arg-type] # both as Ask takes them
    assert decision["action"] == "block"
    assert rules(decision) == {rule}


@BOTH
@pytest.mark.requirement("R1.12", on="opa")
def test_the_network_is_one_of_the_tenants(ask: Ask, point: str) -> None:
    """R1.12: a profile of the tenant's matrix is allowed; another, or none, is blocked."""
    assert ask(point)["action"] == "allow"
    _only(ask, point, "runner.network", changes={"runner.network": "vpn", "endpoints": []})
    missing = ask(point, unset=["runner.network"])
    assert (missing["action"], missing["unknown"]) == ("block", ["runner.network"])
    assert rules(missing) == {"facts.required"}


@BOTH
@pytest.mark.requirement("R1.13", on="opa")
def test_public_egress_is_only_for_what_has_no_private_way(ask: Ask, point: str) -> None:
    """R1.13: a public service over public egress is allowed; an endpoint with PrivateLink is blocked."""
    assert ask(point, {**PUBLIC, "endpoints": [SAAS]})["action"] == "allow"
    assert ask(point, {"endpoints": [DB]})["action"] == "allow"
    changes = {**PUBLIC, "endpoints": [SAAS, DB]}
    _only(ask, point, "runner.network.public-egress", changes=changes)


@BOTH
@pytest.mark.requirement("R1.14", on="opa")
def test_private_endpoints_need_a_fresh_dns_validation(ask: Ask, point: str) -> None:
    """R1.14: PrivateLink with a fresh validation is allowed; failed, missing or stale, it is blocked."""
    private = {"runner.network": "privatelink"}
    checked = {**DB, "dns_validated": True, "dns_checked_at": NOW - DAY}
    assert ask(point, {**private, "endpoints": [checked]})["action"] == "allow"
    for bad in (
        {**checked, "dns_checked_at": NOW - DAY - 1},
        {**checked, "dns_validated": False},
        {**DB, "dns_validated": True},
        {**DB, "dns_checked_at": NOW},
        DB,
    ):
        changes = {**private, "endpoints": [checked, bad]}
        _only(ask, point, "runner.network.dns", changes=changes)
    vpn = ask(point, {"runner.network": "vpn", "endpoints": [DB]})
    assert rules(vpn) == {"runner.network", "runner.network.dns"}


@BOTH
@pytest.mark.requirement("R1.15", on="opa")
def test_an_on_premise_agent_serves_a_residency_requirement(ask: Ask, point: str) -> None:
    """R1.15: with a residency requirement it is allowed, without one blocked."""
    named = {**SITE, "residency.requirement_id": "RES-DE-7"}
    assert ask(point, named)["action"] == "allow"
    _only(ask, point, "runner.network.on-premise", changes=SITE)


@BOTH
@pytest.mark.requirement("R1.16", on="opa")
@pytest.mark.parametrize("tag", ["class", "size", "tenant", "pipeline"])
def test_each_tag_repeats_the_manifest(ask: Ask, point: str, tag: str) -> None:
    """R1.16: four right tags are allowed; one that is missing, or says something else, is blocked."""
    assert ask(point)["action"] == "allow"
    _only(ask, point, "runner.tags", unset=[f"tags.{tag}"])
    _only(ask, point, "runner.tags", changes={f"tags.{tag}": "other"})


@BOTH
@pytest.mark.requirement("R1.21", on="opa")
def test_secrets_come_from_the_platforms_service(ask: Ask, point: str) -> None:
    """R1.21: a reference into the service is allowed; another, none, or an inline value is blocked."""
    rule = "runner.secrets.platform-service"
    good = {"name": "a", "ref": "secret://platform/acme/a"}
    assert ask(point, {"secrets": [good]})["action"] == "allow"
    assert ask(point, {"secrets": []})["action"] == "allow"
    for bad in (
        {"name": "b", "ref": "vault://elsewhere/b"},
        {"name": "b", "ref": "secret://platform-of-mine/b"},
        {"name": "b"},
    ):
        _only(ask, point, rule, changes={"secrets": [good, bad]})
    _only(ask, point, rule, changes={"secrets_inline": 1})


@BOTH
@pytest.mark.requirement("R1.22", on="opa")
def test_images_come_from_approved_registries(ask: Ask, point: str) -> None:
    """R1.22: an approved registry is allowed; another, or one that only looks alike, is blocked."""
    good = {"repository": "registry.internal/base/python", "digest": "sha256:1"}
    assert ask(point, {"images": [good]})["action"] == "allow"
    for repository in ("docker.io/x", "registry.internal.evil.example/x", "registry.internal"):
        changes = {"images": [good, {**good, "repository": repository}]}
        _only(ask, point, "runner.images.registry", changes=changes)


@BOTH
@pytest.mark.requirement("R1.23", on="opa")
def test_drivers_come_from_approved_sources(ask: Ask, point: str) -> None:
    """R1.23: a driver of an approved source is allowed; of another it is blocked."""
    good = {"name": "oracle", "version": "19.20", "source": "registry.internal/drivers/oracle"}
    assert ask(point, {"drivers": [good]})["action"] == "allow"
    for source in ("downloads.example/oracle", "registry.internal/driversx/oracle"):
        changes = {"drivers": [good, {**good, "source": source}]}
        _only(ask, point, "runner.drivers.source", changes=changes)


@pytest.mark.requirement("R1.24", on="opa")
def test_a_deployment_needs_a_passed_scan_of_this_artifact(ask: Ask) -> None:
    """R1.24: a passed scan of the same digest is allowed; failed, missing or of another it is blocked."""
    assert ask(DEPLOY)["action"] == "allow"
    rule = "runner.scan.required"
    _only(ask, DEPLOY, rule, changes={"scan.status": "failed"})
    _only(ask, DEPLOY, rule, changes={"scan.digest": "sha256:other"})
    _only(ask, DEPLOY, rule, unset=["scan.status", "scan.digest"])


@pytest.mark.requirement("R1.24", on="opa")
def test_a_scan_counts_on_the_scanners_word_only(ask: Ask) -> None:
    """R1.24: what the caller says of a scan is unknown without the scanner's attestation of it."""
    claimed = ask(DEPLOY, attestations=[])
    assert claimed["action"] == "block"
    assert rules(claimed) == {"runner.scan.required"}
    assert claimed["unknown"] == ["scan.digest", "scan.status"]
    failed = ask.attest({"scan.status": "failed", "artifact.digest": "sha256:5f1d"})
    assert ask(DEPLOY, attestations=failed)["action"] == "block"
    forged = ask.attest({"scan.status": "passed", "artifact.digest": "sha256:5f1d"}, kid="stranger")
    assert ask(DEPLOY, attestations=forged)["action"] == "block"
    elsewhere = {
        "scan.status": "passed",
        "scan.digest": "sha256:5f1d",
        "artifact.digest": "sha256:2",
    }
    assert ask(DEPLOY, attestations=ask.attest(elsewhere))["action"] == "block"


@BOTH
@pytest.mark.requirement("R1.25", on="opa")
def test_access_logs_are_on_and_go_somewhere(ask: Ask, point: str) -> None:
    """R1.25: access logs with a sink are allowed; off, unsaid or without a sink the run is blocked."""
    assert ask(point)["action"] == "allow"
    _only(ask, point, "runner.logging.access", changes={"logging.access_enabled": False})
    _only(ask, point, "runner.logging.access", unset=["logging.access_enabled"])
    _only(ask, point, "runner.logging.access", unset=["logging.access_sink"])
