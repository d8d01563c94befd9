"""Keys of one test run: made in memory, trusted by the tested bundle only, gone afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.ir.schema import DecisionPoint, FactSource, Scalar
from ringfence.keys import public_jwk
from ringfence.language.kinds.policy_test import Approve
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.testing.facts import nested
from ringfence.testing.trial import Suite, Trial
from ringfence.trust.root import compile_trust
from ringfence.trust.token import issue_approval, issue_attestation

__all__ = ["TestKeys"]

KID = "ringfence-test"
_ATTESTER = "service:ringfence-test"
_LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class TestKeys:
    """One key pair under an id for each identity: approvers are told apart by their key's id."""

    __test__ = False  # for pytest, which takes the name for a test class

    key: Ed25519PrivateKey
    kids: Mapping[str, str]

    @classmethod
    def make(cls, identities: Iterable[str]) -> "TestKeys":
        """Make keys for these approvers, and for the attester."""
        approvers = sorted(set(identities) - {_ATTESTER})
        kids = {name: f"{KID}-{number}" for number, name in enumerate(approvers, start=1)}
        return cls(Ed25519PrivateKey.generate(), {_ATTESTER: KID, **kids})

    def trust(self) -> dict[str, object]:
        """Return the keys as data of a release: they count everywhere and always."""
        public = public_jwk(self.key.public_key())["x"]
        keys = [
            {
                "kid": kid,
                "public": public,
                "identity": identity,
                "uses": ["approval", "attestation"],
                "tenants": ["*"],
                "environments": ["*"],
                "not_before": "1970-01-01T00:00:00Z",
                "not_after": "9999-12-31T23:59:59Z",
            }
            for identity, kid in self.kids.items()
        ]
        root = TrustRoot.model_validate({"keys": keys, "max_exception_age": "1d"})
        return compile_trust([root])

    def request(self, trial: Trial, *, suite: Suite, environment: str) -> dict[str, object]:
        """Return a trial's request, with the tokens that it needs."""
        facts = nested(trial.facts)
        attestation = self._attestation(trial, suite=suite, environment=environment)
        approvals = [
            self._approval(approve, trial, facts, suite=suite, environment=environment)
            for approve in trial.approve
        ]
        return {
            "point": suite.point.name,
            "tenant": suite.tenant,
            "facts": _wire(facts),
            "approvals": approvals,
            "attestations": [attestation] if attestation else [],
        }

    def _approval(
        self,
        approve: Approve,
        trial: Trial,
        facts: Mapping[str, object],
        *,
        suite: Suite,
        environment: str,
    ) -> str:
        requester = str(trial.facts.get("request.by", "user:unknown"))
        # An approval of one's own request is signed for another, so that the decision refuses it.
        own = approve.by.lower() == requester.lower()
        return issue_approval(
            facts,
            point=suite.point,
            tenant=suite.tenant,
            env=environment,
            rules=[approve.rule],
            by=approve.by,
            requester=_ATTESTER if own else requester,
            issued_at=trial.now,
            lifetime=_LIFETIME,
            key=self.key,
            kid=self.kids[approve.by],
        )

    def _attestation(self, trial: Trial, *, suite: Suite, environment: str) -> str:
        names = {
            fact.name
            for fact in suite.point.facts
            if fact.source is FactSource.ATTESTED and not fact.type.is_records
        }
        attested = {name: value for name, value in trial.facts.items() if name in names}
        subject = _subject(trial.facts, suite.point)
        if not attested or not subject:
            return ""
        return issue_attestation(
            attested,
            subject=subject,
            point=suite.point.name,
            tenant=suite.tenant,
            env=environment,
            by=_ATTESTER,
            issued_at=trial.now,
            lifetime=_LIFETIME,
            key=self.key,
            kid=self.kids[_ATTESTER],
        )


def _subject(facts: Mapping[str, object], point: DecisionPoint) -> dict[str, str]:
    """Name what is attested: the bound texts of the request."""
    return {
        fact.name: str(facts[fact.name])
        for fact in point.facts
        if fact.required
        and fact.source is not FactSource.ATTESTED
        and fact.type.scalar is Scalar.STRING
        and not fact.type.is_list
        and fact.name in facts
    }


def _wire(value: object) -> object:
    """Write decimals exactly: a float would not keep them."""
    match value:
        case Decimal():
            return orjson.Fragment(format(value, "f"))
        case dict():
            return {name: _wire(item) for name, item in value.items()}
        case list():
            return [_wire(item) for item in value]
        case _:
            return value
