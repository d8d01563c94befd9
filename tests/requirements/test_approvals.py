"""Approvals that do not count, each with its own reason, through the whole decision on the real OPA."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from tests.requirements.ask import DEPLOY, HOUR, NOW, START, Ask, base, rules
from tests.requirements.people import IDENTITIES, key_of

from ringfence.testing.facts import nested
from ringfence.trust.canonical import bound_digest
from ringfence.trust.jws import sign_compact
from ringfence.trust.token import TYPE, sign_token

XLARGE = {"runner.size": "xlarge"}
RULE = "runner.approval.xlarge"
Make = Callable[[Ask], str]


def _claims(ask: Ask, **changes: Any) -> dict[str, Any]:
    """Return the claims of an approval that counts, with changes; `None` leaves one out."""
    lee = IDENTITIES["lee"]
    claims = {
        "iss": lee,
        "sub": lee,
        "aud": "ringfence",
        "jti": "apr-1",
        "iat": NOW - HOUR,
        "exp": NOW + HOUR,
        "use": "approval",
        "point": DEPLOY,
        "tenant": "acme",
        "env": "prod",
        "rules": [RULE],
        "requester": IDENTITIES["maria"],
        "facts": bound_digest(nested(base(DEPLOY, XLARGE)), ask.points[DEPLOY]),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _signed(kid: str = "lee", *, key: str = "", **changes: Any) -> Make:
    return lambda ask: sign_token(_claims(ask, **changes), key=key_of(key or kid), kid=kid)


def _with_header(**header: str) -> Make:
    whole = {"alg": "EdDSA", "kid": "lee", "typ": TYPE, **header}

    def make(ask: Ask) -> str:
        return sign_compact(orjson.dumps(_claims(ask)), header=whole, key=key_of("lee"))

    return make


def _by(kid: str) -> Make:
    return _signed(kid, iss=IDENTITIES[kid], sub=IDENTITIES[kid])


def _for(**changes: object) -> Make:
    return lambda ask: ask.approve(DEPLOY, {**XLARGE, **changes}, of=[RULE])


REFUSED: dict[str, tuple[str, Make]] = {
    "expired": ("expired", _signed(iat=NOW - 2 * HOUR, exp=NOW)),
    "no expiry": ("no_expiry", _signed(exp=None)),
    "an expiry before its issue": ("no_expiry", _signed(exp=NOW - HOUR - 1)),
    "issued in the future": ("issued_in_future", _signed(iat=NOW + 61)),
    "lives too long": ("lifetime_too_long", _signed(exp=NOW + 8 * 24 * HOUR)),
    "bound to nothing": ("unbound", _signed(facts=None)),
    "bound to no digest": ("unbound", _signed(facts="sha256:")),
    "for another pipeline": ("other_request", _for(**{"pipeline.id": "other"})),
    "for another size": ("other_request", _for(**{"runner.size": "custom"})),
    "for another artifact": ("other_request", _for(**{"artifact.digest": "sha256:6"})),
    "for another tenant": ("other_tenant", _signed(tenant="globex")),
    "for another environment": ("other_environment", _signed(env="staging")),
    "for another point": ("other_point", _signed(point=START)),
    "for another rule": ("other_rule", _signed(rules=["runner.approval.custom"])),
    "for another audience": ("wrong_audience", _signed(aud="someone-else")),
    "for another requester": ("other_request", _signed(requester=IDENTITIES["robin"])),
    "by the requester": ("self_approved", _by("maria")),
    "by the requester, who names another": (
        "self_approved",
        _signed(
            "maria", iss=IDENTITIES["maria"], sub=IDENTITIES["maria"], requester=IDENTITIES["lee"]
        ),
    ),
    "with a key of another's": ("other_identity", _signed("robin")),
    "with a stranger's key": ("unknown_key", _signed("stranger")),
    "signed by a stranger": ("wrong_signature", _signed("lee", key="stranger")),
    "with a key that ended": ("key_not_valid", _signed("old")),
    "with another tenant's key": ("key_not_valid", _signed("globex-only")),
    # A bundle of one environment does not hold the keys of another.
    "with another environment's key": ("unknown_key", _signed("staging-only")),
    "with the scanner's key": ("key_not_valid", _by("scanner")),
    "with a revoked key": ("revoked", _signed("retired")),
    "revoked": ("revoked", _signed(jti="apr-revoked")),
    "of another algorithm": ("wrong_algorithm", _with_header(alg="ES256")),
    "of no algorithm": ("wrong_algorithm", _with_header(alg="none")),
    "of another type": ("malformed", _with_header(typ="JWT")),
    "an attestation": ("wrong_use", _signed(use="attestation")),
    "no token": ("malformed", lambda ask: "not.a.token"),
}


def test_the_approval_that_the_others_differ_from_counts(ask: Ask) -> None:
    """The token without a change is accepted, so that each refusal below is for its change alone."""
    decision = ask(DEPLOY, XLARGE, approvals=[_signed()(ask)])
    assert decision["action"] == "allow"
    assert [approval["approval"] for approval in decision["approvals"]] == ["apr-1"]


@pytest.mark.requirement("R1.3", "R1.32", on="opa")
@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_approval_changes_nothing_and_says_why(ask: Ask, name: str) -> None:
    """A deployment with a refused approval is decided as without one, and names the reason."""
    why, make = REFUSED[name]
    without = ask(DEPLOY, XLARGE)
    decision = ask(DEPLOY, XLARGE, approvals=[make(ask)])
    assert [(missed["rule"], missed["why"]) for missed in decision["approvals_missed"]] == [
        (RULE, why)
    ]
    for member in ("action", "allowed", "reasons", "obligations", "approvals"):
        assert decision[member] == without[member]
    assert without["action"] == "human_review"


def test_an_approval_of_the_deployment_starts_no_run(ask: Ask) -> None:
    """What was approved at deployment is approved again for the start, or blocked there."""
    decision = ask(START, XLARGE, approvals=[ask.approve(DEPLOY, XLARGE, of=[RULE])])
    assert decision["action"] == "block"
    assert rules(decision) == {RULE}
    assert [missed["why"] for missed in decision["approvals_missed"]] == ["other_point"]


def test_a_refused_approval_beside_a_good_one_does_no_harm(ask: Ask) -> None:
    """Of several approvals one that counts is enough."""
    refused = [make(ask) for _, make in REFUSED.values()][:15]
    decision = ask(DEPLOY, XLARGE, approvals=[*refused, _signed()(ask)])
    assert decision["action"] == "allow"


def test_more_approvals_than_anyone_needs_are_not_looked_at(ask: Ask) -> None:
    """With more than 16 approvals none counts."""
    decision = ask(DEPLOY, XLARGE, approvals=[_signed()(ask)] * 17)
    assert decision["action"] == "human_review"


def test_an_approval_of_one_rule_lifts_no_other(ask: Ask) -> None:
    """A rule that takes no approval blocks beside one that was approved."""
    changes = {**XLARGE, "run.timeout": 7201}
    decision = ask(DEPLOY, changes, approvals=[ask.approve(DEPLOY, changes, of=[RULE])])
    assert decision["action"] == "block"
    assert rules(decision) == {"runner.timeout"}
