"""A fleet that OPA serves and the reference knows: built-in rules, random shared ones, random own ones."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.emit.generate import Attestation, RequestGenerator
from tests.emit.generate_rules import DrawnRule, RuleGenerator
from tests.emit.reference import Reference
from tests.emit.values import NOW, parameters, widened
from tests.trust.conftest import public_x

from ringfence.bundle.live import live_files
from ringfence.emit.files import about_file, platform_files, policy_files
from ringfence.emit.tenant import emit_tenant
from ringfence.ir.rule import PointProgram, TenantProgram
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.lower.program import lower_platform
from ringfence.opa.policies import PolicyServer
from ringfence.trust.root import compile_trust
from ringfence.trust.token import issue_attestation

__all__ = ["POINTS", "Site", "Size", "open_site"]

POINTS = ("runner.deploy", "runner.start")
_ENVIRONMENT = "prod"
_POLICY = {"bundle": "fleet", "content": "sha256:0", "release": "sha256:0", "environment": "prod"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many tenants a fleet has, and how many random rules: shared ones a point, own ones a list.

    Of three tenants one has none of its own, one has one at each point, and one has `own_rules`.
    """

    tenants: int
    shared_rules: int
    own_rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What both sides know of a fleet, by decision point, and the rules that were drawn."""

    server: PolicyServer
    references: Mapping[str, Reference]
    generators: Mapping[str, RequestGenerator]
    drawn: Sequence[DrawnRule]


@contextmanager
def open_site(size: Size, *, seed: int) -> Iterator[Site]:
    """Draw a fleet and serve it."""
    chance = random.Random(seed)
    platform, problems = lower_platform((), facts=(), teams={})
    assert not problems
    bare = {name: _bare(platform.points[name]) for name in POINTS}
    shared = {
        name: RuleGenerator(program=program, chance=chance).rules(
            f"shared.{program.point.key}", size.shared_rules
        )
        for name, program in bare.items()
    }
    own = {
        f"tenant-{number}": _own_rules(bare, number, size, chance) for number in range(size.tenants)
    }
    rows = {name: _row(number, chance) for number, name in enumerate(own)}
    signer = Ed25519PrivateKey.generate()
    references = {
        name: Reference(
            program=replace(program, rules=(*program.rules, *(one.meant for one in shared[name]))),
            tenants={t: _tenant(t, rows[t], [one.meant for one in own[t]]) for t in own},
        )
        for name, program in bare.items()
    }
    points = {
        name: replace(program, rules=(*program.rules, *(one.given for one in shared[name])))
        for name, program in bare.items()
    }
    tenants = [_tenant(name, rows[name], [one.given for one in own[name]]) for name in own]
    generators = {
        name: RequestGenerator(
            point=program.point,
            tenants={tenant.name: tenant for tenant in tenants},
            attestations={t: _attestations(t, signer) for t in own} if name == POINTS[0] else {},
            chance=chance,
        )
        for name, program in bare.items()
    }
    drawn = [one for several in (*shared.values(), *own.values()) for one in several]
    with PolicyServer(_files(points, tenants, signer)) as server:
        yield Site(server=server, references=references, generators=generators, drawn=drawn)


def _bare(program: PointProgram) -> PointProgram:
    return replace(program, point=widened(program.point))


def _own_rules(
    programs: Mapping[str, PointProgram], number: int, size: Size, chance: random.Random
) -> list[DrawnRule]:
    count = (0, 1, size.own_rules)[number % 3]
    return [
        rule
        for program in programs.values()
        for rule in RuleGenerator(program=program, chance=chance).rules(
            f"tenant-{number}.{program.point.key}", count
        )
    ]


def _tenant(name: str, row: Mapping[str, object], rules: Sequence[Any]) -> TenantProgram:
    return TenantProgram(
        name=name,
        wave="main",
        escalate_to="lead@example.com",
        params=dict.fromkeys(POINTS, row),
        rules=tuple(rules),
    )


def _row(number: int, chance: random.Random) -> dict[str, object]:
    """Draw parameters; every tenant has at least one combination that may touch some data."""
    levels = ["public", "internal", "confidential", "restricted"]
    kinds = ["container", "serverless", "managed_etl", "dedicated_compute"]
    classes = chance.sample(kinds, 2)
    networks = chance.sample(
        ["private_vpc", "privatelink", "vpn", "on_premise", "public_vpc_egress"], 3
    )
    sizes = chance.sample(["small", "medium", "large", "xlarge"], 2)
    cells = {size: levels[: chance.randint(1, 4)] for size in sizes}
    return {
        "matrix": {
            kind: {network: {**cells, "": cells[sizes[0]]} for network in networks}
            for kind in classes
        },
        "networks": networks,
        "default_size": dict.fromkeys(kinds, sizes[0]),
        "concurrency": chance.randint(0, 6),
        "monthly_seconds": {kind: chance.choice([0, 3600, 360_000]) for kind in classes},
        "timeouts": {kind: chance.choice([1, 900, 14_400]) for kind in classes},
        "max_attempts": chance.randint(0, 5),
        "registries": ["registry.internal/base/", "mirror/"][: 1 + number % 2],
        "driver_sources": ["registry.internal/drivers/"],
        "secrets_service": "secret://",
        "dns_max_age": 86_400,
        "host_max_age": 900,
        **parameters(chance),
    }


def _attestations(tenant: str, signer: Ed25519PrivateKey) -> list[Attestation]:
    found = []
    for digest in ("sha256:1", "sha256:2"):
        for status in ("passed", "passed", "failed"):
            asserted = {"scan.status": status, "scan.digest": digest}
            subject = {"artifact.digest": digest}
            token = issue_attestation(
                asserted, subject=subject, point=POINTS[0], tenant=tenant, env=_ENVIRONMENT,
                by="service:scanner", issued_at=NOW - 60, lifetime=3600, key=signer, kid="scanner",
            )  # fmt: skip
            found.append(Attestation(token=token, asserted=asserted, subject=subject))
    return found


def _files(
    points: Mapping[str, PointProgram], tenants: Sequence[TenantProgram], signer: Ed25519PrivateKey
) -> dict[str, bytes]:
    known: dict[str, str] = {}
    units = [emit_tenant(tenant, points=points, known=known) for tenant in tenants]
    release = {
        "environment": _ENVIRONMENT,
        "levels": {},
        "default_level": "enforce",
        "trust": _trust(signer),
    }
    live = live_files(
        serial=1, not_before=1_700_000_000 * 10**9, not_after=2_000_000_000 * 10**9,
        exceptions={}, revoked={}, stepdowns={}, releases={"fleet": "sha256:0"},
    )  # fmt: skip
    return {
        **policy_files(
            points, units, release=release, platform=platform_files(points, fresh=False)
        ).all(),
        **about_file(policy=_POLICY, points=points),
        **live,
    }


def _trust(signer: Ed25519PrivateKey) -> dict[str, object]:
    key = {
        "kid": "scanner",
        "public": public_x(signer),
        "identity": "service:scanner",
        "uses": ["attestation"],
        "tenants": ["*"],
        "environments": ["*"],
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
    }
    root = TrustRoot.model_validate({"max_exception_age": "90d", "keys": [key]})
    return compile_trust([root], environment=_ENVIRONMENT)
