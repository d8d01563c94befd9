"""Random requests from one seed: mostly well formed, around what the tenant's policy allows.

A request is JSON text, so that OPA and the reference read the same numbers.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.emit.faults import Faults
from tests.emit.raw import Raw, json_text
from tests.emit.values import DECIMALS, NOW, NUMBERS, TEXTS

from ringfence.ir.rule import TenantProgram
from ringfence.ir.schema import DecisionPoint, FactSource, FactType, Scalar

__all__ = ["Asked", "Attestation", "RequestGenerator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A valid token, what it asserts, and the facts that a request must have for it to count."""

    token: str
    asserted: Mapping[str, Any]
    subject: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as JSON text, and the one attestation that it brings."""

    text: str
    attestation: Attestation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestGenerator:
    """Draw requests at a decision point to tenants under the runner rules, with their attestations."""

    point: DecisionPoint
    tenants: Mapping[str, TenantProgram]
    attestations: Mapping[str, Sequence[Attestation]]
    chance: random.Random
    names: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", sorted(self.tenants))

    def request(self) -> Asked:
        """Draw a request."""
        chance = self.chance
        tenant = self.tenants[chance.choice(self.names)]
        facts = self._facts(tenant)
        held = self.attestations.get(tenant.name, ())
        attestation = chance.choice(held) if held and chance.random() < 0.8 else None
        if attestation is not None:
            _put(facts, "artifact.digest", attestation.asserted["scan.digest"])
            for name, value in attestation.asserted.items():
                _put(facts, name, value)
        calm = chance.random() < 0.25
        for _ in range(0 if calm else chance.choice([0, 0, 1, 1, 2])):
            fact = chance.choice(self.point.facts)
            if value := self._drawn(fact.type, absent=not fact.required):
                _put(facts, fact.name, value[0])
            else:
                _drop(facts, fact.name)
        asked: dict[str, Any] = {"point": self.point.name, "tenant": tenant.name, "facts": facts}
        if attestation is not None:
            asked["attestations"] = [attestation.token]
        if not calm:
            faults = chance.choice([0, 0, 0, 0, 1, 1, 2, 6])
            Faults(point=self.point, chance=chance).commit(asked, faults)
        return Asked(text=json_text(asked), attestation=attestation)

    def _facts(self, tenant: TenantProgram) -> dict[str, Any]:
        """Draw facts that the shared rules are satisfied by, or just not."""
        facts: dict[str, Any] = {}
        for fact in self.point.facts:
            if fact.source is FactSource.ATTESTED:
                continue
            if value := self._drawn(fact.type, absent=not fact.required):
                _put(facts, fact.name, value[0])
        for name, value in self._fitting(tenant).items():
            if self.chance.random() < 0.99:
                _put(facts, name, value)
        return facts

    def _fitting(self, tenant: TenantProgram) -> dict[str, Any]:
        """Draw what the tenant's parameters allow, with the boundaries themselves."""
        chance = self.chance
        params: Any = tenant.params[self.point.name]
        kind, network, size, allowed = chance.choice(_cells(params["matrix"]))
        hours, running = params["monthly_seconds"][kind], params["concurrency"]
        added = chance.randint(0, running)
        estimate = chance.choice([0, 1, hours // 2, hours])
        pipeline = chance.choice(TEXTS)
        fitting: dict[str, Any] = {
            "runner.class": kind,
            "runner.size": size,
            "runner.profile": "standard",
            "runner.network": network,
            "pipeline.id": pipeline,
            "data.classification": chance.choice(allowed),
            "run.concurrency": added,
            "usage.running": chance.choice([0, running - added]),
            "run.estimate": estimate,
            "usage.class_hours_month": chance.choice([0, hours - estimate]),
            "run.timeout": chance.choice([1, params["timeouts"][kind]]),
            "retries.max_attempts": chance.randint(0, params["max_attempts"]),
            "tags.class": kind,
            "tags.size": size,
            "tags.tenant": tenant.name,
            "tags.pipeline": pipeline,
            "residency.requirement_id": "req-1",
            "secrets_inline": 0,
            "logging.access_enabled": True,
            "logging.access_sink": "s3://logs",
            "evidence.sink_reachable": True,
            "host.healthy": True,
            "host.checked_at": NOW - chance.choice([0, 1, 900]),
            "dlq.ref": "queue",
            "endpoints": [
                {
                    "host": "h",
                    "private_available": False,
                    "dns_validated": True,
                    "dns_checked_at": NOW - chance.choice([0, 86_399, 86_400]),
                }
                for _ in range(chance.choice([0, 0, 1, 3]))
            ],
            "secrets": [
                {"name": "s", "ref": f"{params['secrets_service']}{chance.choice(TEXTS)}"}
                for _ in range(chance.choice([0, 0, 1, 2]))
            ],
            "images": [
                {"repository": f"{chance.choice(params['registries'])}x", "digest": "sha256:1"}
                for _ in range(chance.choice([0, 0, 1, 2]))
            ],
            "drivers": [
                {
                    "name": "d",
                    "version": "1",
                    "source": f"{chance.choice(params['driver_sources'])}x",
                }
                for _ in range(chance.choice([0, 0, 1, 2]))
            ],
        }
        known = {fact.name for fact in self.point.facts}
        return {name: value for name, value in fitting.items() if name in known}

    def _drawn(self, kind: FactType, *, absent: bool) -> tuple[Any] | None:
        """Draw a value of a type; None for none at all, which `absent` allows."""
        if absent and self.chance.random() < 0.25:
            return None
        if not kind.is_list:
            return (self._scalar(kind),)
        count = min(kind.max_items, self.chance.choice([0, 0, 1, 1, 2, 4]))
        if kind.is_records:
            return ([self._record(kind) for _ in range(count)],)
        return ([self._scalar(replace(kind, many=False)) for _ in range(count)],)

    def _record(self, kind: FactType) -> dict[str, Any]:
        drawn = {one.name: self._drawn(one.type, absent=not one.required) for one in kind.fields}
        return {name: value[0] for name, value in drawn.items() if value}

    def _scalar(self, kind: FactType) -> Any:
        chance = self.chance
        match kind.scalar:
            case Scalar.BOOLEAN:
                return chance.random() < 0.5
            case Scalar.ENUM:
                return chance.choice(kind.values)
            case Scalar.STRING:
                return chance.choice(TEXTS)
            case Scalar.TIMESTAMP:
                return NOW - chance.choice([0, 1, 59, 60, 61, 899, 900, 901, 86_400, -5])
            case Scalar.DECIMAL:
                text = str(
                    chance.choice(DECIMALS) + chance.choice(DECIMALS) * chance.choice([0, 0, 1])
                )
                texts = [text, text, f"{text}0" if "." in text else f"{text}.0"]
                return Raw(chance.choice([*texts, "0.6", "999999999999998.999999"]))
            case _:
                near = chance.choice(NUMBERS) + chance.choice([-1, 0, 0, 1])
                return min(
                    max(chance.choice([near, near, near, 0, kind.maximum]), kind.minimum),
                    kind.maximum,
                )


def _cells(matrix: Any) -> list[tuple[str, str, str, list[str]]]:
    return [
        (kind, network, size, allowed)
        for kind, networks in matrix.items()
        for network, sizes in networks.items()
        for size, allowed in sizes.items()
        if size and allowed
    ]


def _put(facts: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        facts = facts.setdefault(parent, {})
    facts[last] = value


def _drop(facts: dict[str, Any], name: str) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        facts = facts.get(parent, {})
    facts.pop(last, None)
