"""Requests of acme's runners, each one change away from an allowed one, put to the real OPA."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.requirements.people import IDENTITIES, key_of

from ringfence.ir.schema import DecisionPoint
from ringfence.language.values import parse_timestamp
from ringfence.opa.policies import PolicyServer
from ringfence.testing.facts import nested
from ringfence.trust.token import issue_approval, issue_attestation

__all__ = ["DEPLOY", "NOW", "START", "Ask", "base", "rules"]

DEPLOY, START = "runner.deploy", "runner.start"
NOW = parse_timestamp("2026-11-20T09:00:00Z")
HOUR = 3600
_DIGEST = "sha256:5f1d"
_BASE: Mapping[str, object] = {
    "request.by": IDENTITIES["maria"],
    "runner.class": "container",
    "runner.size": "medium",
    "runner.profile": "standard",
    "runner.network": "private_vpc",
    "workload.id": "orders-daily",
    "workload.is_new": False,
    "workload.processes_events": False,
    "pipeline.id": "orders-daily",
    "data.classification": "internal",
    "run.concurrency": 1,
    "run.estimate": 5 * HOUR,
    "run.timeout": 900,
    "usage.running": 3,
    "usage.class_hours_month": 80 * HOUR,
    "tags.class": "container",
    "tags.size": "medium",
    "tags.tenant": "acme",
    "tags.pipeline": "orders-daily",
    "endpoints": [],
    "secrets": [{"name": "warehouse", "ref": "secret://platform/acme/warehouse"}],
    "secrets_inline": 0,
    "images": [{"repository": "registry.internal/acme/transform", "digest": _DIGEST}],
    "drivers": [],
    "logging.access_enabled": True,
    "logging.access_sink": "s3://logs/acme",
    "retries.max_attempts": 3,
}
_OWN: Mapping[str, Mapping[str, object]] = {
    DEPLOY: {"artifact.digest": _DIGEST, "scan.status": "passed", "scan.digest": _DIGEST},
    START: {"evidence.sink_reachable": True},
}
_MIRRORED = {
    "tags.class": "runner.class",
    "tags.size": "runner.size",
    "tags.pipeline": "pipeline.id",
}


def base(point: str, changes: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the allowed request's facts by dotted name, with changes; tags follow the manifest."""
    changed = dict(changes or {})
    for tag, source in _MIRRORED.items():
        if source in changed:
            changed.setdefault(tag, changed[source])
    return {**_BASE, **_OWN[point], **changed}


def rules(decision: Mapping[str, Any], member: str = "reasons") -> set[str]:
    """Return the rules of a decision's reasons, or of another of its members."""
    return {entry["rule"] for entry in decision[member]}


class Ask:
    """Asks the OPA that serves the repository beside this module, in the environment `prod`."""

    def __init__(self, server: PolicyServer, points: Mapping[str, DecisionPoint]) -> None:
        self._server = server
        self.points = points

    def __call__(
        self,
        point: str = START,
        changes: Mapping[str, object] | None = None,
        *,
        unset: Iterable[str] = (),
        tenant: str = "acme",
        now: int = NOW,
        approvals: Sequence[str] = (),
        attestations: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Return the decision; `attestations` are the scanner's unless given."""
        gone = set(unset)
        facts = {name: fact for name, fact in base(point, changes).items() if name not in gone}
        given = self.attest(facts, now=now) if attestations is None else attestations
        request = {
            "point": point,
            "tenant": tenant,
            "facts": nested(facts),
            "approvals": list(approvals),
            "attestations": list(given),
        }
        return self.raw(request, now=now)

    def raw(self, request: object, *, now: int = NOW) -> dict[str, Any]:
        """Return the decision on a request as it stands; fail where there is none."""
        decision = self._server.decide([(request, now * 10**9)])[0]
        assert decision is not None
        return decision

    def attest(
        self, facts: Mapping[str, object], *, now: int = NOW, kid: str = "scanner"
    ) -> list[str]:
        """Return the scanner's word on the scan that these facts claim, of this very artifact."""
        scanned = {name: fact for name, fact in facts.items() if name.startswith("scan.")}
        if not scanned:
            return []
        token = issue_attestation(
            scanned,
            subject={"artifact.digest": str(facts["artifact.digest"])},
            point=DEPLOY,
            tenant="acme",
            env="prod",
            by=IDENTITIES["scanner"],
            issued_at=now,
            lifetime=HOUR,
            key=key_of(kid),
            kid=kid,
        )
        return [token]

    def approve(
        self,
        point: str,
        changes: Mapping[str, object],
        *,
        of: Sequence[str],
        unset: Iterable[str] = (),
        **other: Any,
    ) -> str:
        """Return lee's approval of exactly this request; `other` replaces what the token says."""
        gone = set(unset)
        facts = {name: fact for name, fact in base(point, changes).items() if name not in gone}
        said = {
            "point": self.points[point],
            "tenant": "acme",
            "env": "prod",
            "by": IDENTITIES["lee"],
            "requester": IDENTITIES["maria"],
            "issued_at": NOW - HOUR,
            "lifetime": 24 * HOUR,
            "key": key_of("lee"),
            "kid": "lee",
            **other,
        }
        return issue_approval(nested(facts), rules=of, **said)
