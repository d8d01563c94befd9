"""Synthetic fleets: tenants that share shapes, with or without rules of their own."""

from pathlib import Path

from ringfence.emit.files import about_file, platform_files, policy_files
from ringfence.emit.tenant import emit_tenant
from ringfence.ir.build import most
from ringfence.ir.expression import (
    And,
    Compare,
    CompareOp,
    FactRef,
    Literal,
    StringTest,
    StringTestOp,
)
from ringfence.ir.rule import Message, Rule, TenantProgram
from ringfence.lower.program import lower_platform
from ringfence.opa.policies import write_tree

__all__ = ["START", "fleet_files", "generous_params", "request", "tenant_name", "write_fleet"]

START = "runner.start"
_POLICY = {"bundle": "fleet", "content": "sha256:0", "release": "sha256:0", "environment": "prod"}
_RELEASE = {
    "environment": "prod",
    "levels": {"runner.tags": {"*": "warn"}},
    "default_level": "enforce",
    "trust": {},
}


def tenant_name(number: int) -> str:
    """Name a tenant by its number."""
    return f"tenant-{number:05}"


def fleet_files(
    tenants: int, *, own_share: float = 0.0, own_rules: int = 10, distinct: bool = False
) -> dict[str, bytes]:
    """Return a gateway bundle's files for a fleet.

    `own_share` of the tenants have `own_rules` rules of their own; with `distinct`, each such tenant's
    list has a shape of its own, else they share 20.
    """
    platform, problems = lower_platform((), facts=(), teams={})
    assert not problems
    points = {START: platform.points[START]}
    known: dict[str, str] = {}
    units = [
        emit_tenant(
            TenantProgram(
                name=tenant_name(number),
                wave="main",
                escalate_to="lead@example.com",
                params={START: generous_params(number)},
                rules=_own_rules(number, own_rules, distinct=distinct)
                if number < tenants * own_share
                else (),
            ),
            points=points,
            known=known,
        )
        for number in range(tenants)
    ]
    files = policy_files(
        points, units, release=_RELEASE, platform=platform_files(points, fresh=False)
    )
    return {**files.all(), **about_file(policy=_POLICY, points=points), **_live()}


def write_fleet(folder: Path, tenants: int, **named: object) -> Path:
    """Write a fleet's files below a folder and return it."""
    write_tree(folder, fleet_files(tenants, **named))  # type: ignore[arg-type] # the same names
    return folder


def _live() -> dict[str, bytes]:
    from ringfence.bundle.live import live_files

    waiver = {
        "exception": "EXC-1", "match": [{"path": ["pipeline", "id"], "values": ["daily"]}],
        "attested": [], "ceiling": {}, "from": 0,
        "until": 4_000_000_000, "by": "user:lee@platform.example", "reason": "bench", "on_the_word_of": ["caller"],
    }  # fmt: skip
    tenant = tenant_name(1)
    exceptions = {START: {tenant: {"runner.quota.monthly-hours": [waiver]}}}
    files = live_files(
        serial=1, not_before=1_700_000_000 * 10**9, not_after=2_000_000_000 * 10**9,
        exceptions=exceptions, revoked={}, stepdowns={}, releases={"fleet": "sha256:0"},
    )  # fmt: skip
    return {path: data for path, data in files.items() if path != ".manifest"}


def generous_params(number: int) -> dict[str, object]:
    """Return parameters under which the clean request is allowed."""
    cell = {
        size: ["public", "internal", "confidential"] for size in ("small", "medium", "large", "")
    }
    networks = dict.fromkeys(("private_vpc", "privatelink"), cell)
    return {
        "matrix": {"container": networks, "serverless": networks},
        "networks": ["private_vpc", "privatelink"],
        "default_size": {"container": "medium", "serverless": "medium"},
        "concurrency": 10 + number % 7,
        "monthly_seconds": {"container": 360_000 + number, "serverless": 36_000},
        "timeouts": {"container": 14_400, "serverless": 900},
        "max_attempts": 5,
        "registries": ["registry.internal/base/"],
        "driver_sources": ["registry.internal/drivers/"],
        "secrets_service": "secret://",
        "dns_max_age": 86_400,
        "host_max_age": 900,
    }


def _own_rules(number: int, count: int, *, distinct: bool) -> tuple[Rule, ...]:
    shape = number if distinct else number % 20
    return tuple(_own_rule(number, shape, place) for place in range(count))


def _own_rule(number: int, shape: int, place: int) -> Rule:
    name = Literal(f"shape-{shape}-{place}")
    return Rule(
        id=f"{tenant_name(number)}.rule-{place}",
        point=START,
        where=StringTest(StringTestOp.STARTS_WITH, FactRef("pipeline.id"), name),
        require=And(
            (
                most(FactRef("run.estimate"), 3600 + number + place),
                Compare(CompareOp.LE, FactRef("run.concurrency"), Literal(4 + place)),
            )
        ),
        message=Message(("too long: ", "facts.run.estimate", " s")),
        fix="Split the run.",
    )


def request(tenant: int = 1, **changes: object) -> dict[str, object]:
    """Return a clean request to start a run; `changes` replace facts by dotted name, `.` as `__`."""
    facts: dict[str, object] = {
        "request": {"by": "user:maria@example.com"},
        "runner": {"class": "container", "size": "medium", "profile": "standard", "network": "private_vpc"},
        "workload": {"id": "daily", "is_new": False, "processes_events": False},
        "pipeline": {"id": "daily"},
        "data": {"classification": "internal"},
        "run": {"concurrency": 1, "estimate": 3600, "timeout": 900},
        "usage": {"running": 3, "class_hours_month": 3600},
        "tags": {"class": "container", "size": "medium", "tenant": tenant_name(tenant), "pipeline": "daily"},
        "endpoints": [], "secrets": [], "secrets_inline": 0, "images": [], "drivers": [],
        "logging": {"access_enabled": True, "access_sink": "s3://logs"},
        "retries": {"max_attempts": 3},
        "evidence": {"sink_reachable": True},
    }  # fmt: skip
    for name, value in changes.items():
        *parents, last = name.split("__")
        place = facts
        for parent in parents:
            place = place[parent]  # type: ignore[assignment] # nested mappings
        if value is None:
            del place[last]
        else:
            place[last] = value
    return {"point": START, "tenant": tenant_name(tenant), "facts": facts}
