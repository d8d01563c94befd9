"""Requests of a busy day on the example's data platform: the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["requests_of_a_day"]

Attest = Callable[[dict[str, Any]], str]
Approve = Callable[[dict[str, Any], str], str]

# tenant: (classes, sizes, networks, pipelines, registry, driver source)
_TENANTS: dict[str, dict[str, list[str]]] = {
    "acme": {
        "class": ["container", "container", "container", "serverless", "dedicated_compute"],
        "network": ["private_vpc", "privatelink"],
        "pipeline": ["orders-daily", "orders-backfill", "crm-sync"],
    },
    "globex": {
        "class": ["container", "container", "serverless"],
        "network": ["private_vpc", "privatelink", "vpn"],
        "pipeline": ["orders", "refunds", "stock"],
    },
    "initech": {
        "class": ["managed_etl", "managed_etl", "serverless"],
        "network": ["private_vpc", "vpn"],
        "pipeline": ["nightly-report", "public-figures"],
    },
}
_SIZES = {
    "serverless": "small",
    "container": "medium",
    "managed_etl": "medium",
    "dedicated_compute": "large",
}
_TIMEOUT = {"serverless": 240, "container": 3000, "managed_etl": 9000, "dedicated_compute": 9000}


def requests_of_a_day(
    count: int, *, seed: int, now: int, attest: Attest, approve: Approve
) -> Iterator[dict[str, Any]]:
    """Yield requests to start and to deploy; `now` is in epoch seconds.

    Deployments carry the scanner's attestation, and some high-impact requests an approval.
    """
    chance = random.Random(seed)
    for number in range(count):
        tenant = chance.choice(sorted(_TENANTS))
        facts = _facts(tenant, chance, now=now)
        request: dict[str, Any] = {
            "point": "runner.start",
            "tenant": tenant,
            "facts": facts,
            "trace_id": f"demo-{seed}-{number:05}",
        }
        if chance.random() < 0.12:
            _as_deployment(request, chance, attest=attest)
        _with_a_mistake(facts, chance)
        if facts["runner"]["class"] == "dedicated_compute" and chance.random() < 0.7:
            request["approvals"] = [approve(request, "runner.approval.dedicated")]
        yield request


def _facts(tenant: str, chance: random.Random, *, now: int) -> dict[str, Any]:
    shape = _TENANTS[tenant]
    runner_class = chance.choice(shape["class"])
    network = chance.choice(shape["network"])
    if runner_class == "serverless":
        network = "private_vpc"
    if runner_class == "dedicated_compute":
        network = "privatelink"
    size, pipeline = _SIZES[runner_class], chance.choice(shape["pipeline"])
    data = "public" if (tenant, runner_class) == ("initech", "serverless") else "internal"
    endpoint = {"host": "warehouse.internal", "private_available": True}
    if network in ("privatelink", "vpn"):
        endpoint |= {"dns_validated": True, "dns_checked_at": now - 3600}
    return {
        "request": {"by": f"service:scheduler@{tenant}.example"},
        "runner": {"class": runner_class, "size": size, "profile": "standard", "network": network},
        "workload": {"id": pipeline, "is_new": False, "processes_events": False},
        "pipeline": {"id": pipeline},
        "data": {"classification": data},
        "run": {
            "concurrency": chance.randint(1, 3),
            "estimate": chance.randint(300, 3600),
            "timeout": _TIMEOUT[runner_class],
        },
        "usage": {"running": chance.randint(0, 2), "class_hours_month": chance.randint(0, 60_000)},
        "tags": {"class": runner_class, "size": size, "tenant": tenant, "pipeline": pipeline},
        "endpoints": [endpoint],
        "secrets": [{"name": "warehouse", "ref": f"secret://platform/{tenant}/warehouse"}],
        "secrets_inline": 0,
        "images": [
            {"repository": f"registry.internal/{tenant}/{pipeline}", "digest": "sha256:5f1d"}
        ],
        "drivers": [],
        "logging": {"access_enabled": True, "access_sink": f"s3://logs/{tenant}"},
        "retries": {"max_attempts": 2},
        "evidence": {"sink_reachable": True},
        "host": {"healthy": True, "checked_at": now - 60},
    }


def _as_deployment(request: dict[str, Any], chance: random.Random, *, attest: Attest) -> None:
    facts = request["facts"]
    del facts["evidence"], facts["host"]
    digest = f"sha256:{chance.getrandbits(64):016x}"
    request["point"] = "runner.deploy"
    facts["artifact"] = {"digest": digest}
    facts["scan"] = {"status": "passed", "digest": digest}
    facts["change"] = {"freeze": chance.random() < 0.2}
    request["attestations"] = [attest(request)]


def _with_a_mistake(facts: dict[str, Any], chance: random.Random) -> None:
    """Make some requests violate a rule, as real ones do."""
    mistakes: list[Callable[[], None]] = [
        lambda: facts["run"].update(timeout=10**6),
        lambda: facts["run"].pop("timeout"),
        lambda: facts["usage"].update(class_hours_month=360_000),
        lambda: facts["usage"].update(running=60),
        lambda: facts["tags"].pop("pipeline"),
        lambda: facts["images"][0].update(repository="docker.io/library/python"),
        lambda: facts["data"].update(classification="restricted"),
        lambda: facts["retries"].update(max_attempts=50),
        lambda: facts.update(secrets_inline=1),
        lambda: facts["run"].update(estimate=30_000),
        lambda: facts["runner"].update(size="large"),
        lambda: facts["run"].update(concurrency="many"),
        lambda: facts["logging"].update(access_enabled=False),
    ]
    if chance.random() < 0.25:
        chance.choice(mistakes)()
    if facts["pipeline"]["id"] == "orders-backfill" and chance.random() < 0.3:
        facts["usage"]["class_hours_month"] = 380_000
