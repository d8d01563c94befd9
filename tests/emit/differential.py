"""Decisions of the real OPA beside those that the IR's own meaning gives."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import orjson
from tests.emit.generate import NOW, Generator, widened
from tests.emit.reference import Expected, Raw, expect

from ringfence.emit.files import about_file, platform_files, policy_files
from ringfence.emit.tenant import emit_tenant
from ringfence.ir.program import lower_platform
from ringfence.ir.rule import PointProgram, TenantProgram
from ringfence.opa.policies import PolicyServer

__all__ = ["Site", "Tally", "compare", "open_site"]

_POLICY = {"bundle": "fleet", "content": "sha256:0", "release": "sha256:0", "environment": "prod"}
_RELEASE = {"environment": "prod", "levels": {}, "default_level": "enforce", "trust": {}}


# A `Raw` number is a dataclass, which orjson would write as an object.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS


@dataclass(frozen=True, slots=True)
class Site:
    """A served program with tenants that have random rules of their own."""

    program: PointProgram
    tenants: Mapping[str, TenantProgram]
    generator: Generator
    server: PolicyServer


@dataclass(slots=True)
class Tally:
    """What a comparison saw: counts by kind of decision, and rules that were violated."""

    kinds: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    mismatches: list[tuple[dict[str, Any], Expected, Any]] = field(default_factory=list)


@contextmanager
def open_site(point: str, *, tenants: int, own_rules: int, seed: int) -> Iterator[Site]:
    """Emit and serve one decision point, for tenants that differ in parameters and rules."""
    platform, problems = lower_platform((), facts=(), teams={})
    assert not problems
    shared = platform.points[point]
    program = replace(shared, point=widened(shared.point))
    generator = Generator(program.point, random.Random(seed), dict(program.derived))
    programs = {
        f"tenant-{number}": TenantProgram(
            name=f"tenant-{number}",
            params={point: generator.params()},
            rules=tuple(
                generator.rule(f"own-{number}.{place}")
                for place in range(own_rules if number % 3 else 0)
            ),
        )
        for number in range(tenants)
    }
    points = {point: program}
    known: dict[str, str] = {}
    units = [emit_tenant(one, points=points, known=known) for one in programs.values()]
    files = policy_files(
        points, units, release=_RELEASE, platform=platform_files(points, fresh=False)
    )
    with PolicyServer({**files.all(), **about_file(policy=_POLICY, points=points)}) as server:
        yield Site(program, programs, generator, server)


def compare(site: Site, count: int, tally: Tally) -> None:
    """Ask OPA for the decisions of random requests, and compare each with what it must be."""
    requests = [site.generator.request(list(site.tenants)) for _ in range(count)]
    clock = NOW * 10**9
    asked = [
        (orjson.Fragment(orjson.dumps(one, default=_text, option=_OPTIONS)), clock)
        for one in requests
    ]
    for request, decision in zip(requests, site.server.decide(asked), strict=True):
        tenant = site.tenants[request["tenant"]]
        wanted = expect(
            site.program,
            tenant.rules,
            params=tenant.params[site.program.point.name],
            request=request,
            now=clock,
        )
        tally.kinds[_kind(wanted)] += 1
        tally.rules.update(rule for rule, _, _ in wanted.reasons)
        if _seen(decision) != wanted:
            tally.mismatches.append((request, wanted, decision))


def _seen(decision: Any) -> Expected | None:
    if decision is None:
        return None
    return Expected(
        evaluated=decision["evaluated"],
        action=decision["action"],
        reasons=frozenset((r["rule"], r["clause"], r["action"]) for r in decision["reasons"]),
        unknown=frozenset(decision["unknown"]),
    )


def _kind(wanted: Expected) -> str:
    if not wanted.evaluated:
        return "not evaluated"
    return "violated" if wanted.reasons else "clean"


def _text(value: object) -> object:
    match value:
        case Raw(text):
            return orjson.Fragment(text)
        case Decimal():
            return orjson.Fragment(str(value))
        case _:
            raise TypeError(type(value).__name__)
