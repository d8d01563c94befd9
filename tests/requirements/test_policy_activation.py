"""A policy change is tested in staging before production, on the real OPA."""

from typing import Any

import pytest
from tests.requirements.ask import NOW, Ask, rules
from tests.requirements.people import IDENTITIES, key_of

from ringfence.testing.facts import nested
from ringfence.trust.token import issue_attestation

CONTENT = "sha256:5f1d"


def _activate(ask: Ask, *, tested: dict[str, object] | None, **changes: object) -> dict[str, Any]:
    facts: dict[str, object] = {
        "request.by": IDENTITIES["maria"],
        "activation.bundle": "runtime",
        "activation.environment": "prod",
        "activation.content": CONTENT,
        "activation.change_ref": "CHG-7",
        **changes,
    }
    tokens = []
    if tested is not None:
        named = {f"tested.{name}": value for name, value in tested.items()}
        facts |= named
        token = issue_attestation(
            named,
            subject={"activation.content": CONTENT},
            point="policy.activate",
            tenant="platform",
            env="prod",
            by=IDENTITIES["scanner"],
            issued_at=NOW,
            lifetime=3600,
            key=key_of("scanner"),
            kid="scanner",
        )
        tokens.append(token)
    present = {name: value for name, value in facts.items() if value is not None}
    request = {
        "point": "policy.activate",
        "tenant": "platform",
        "facts": nested(present),
        "attestations": tokens,
    }
    return ask.raw(request)


PASSED = {
    "environment": "staging",
    "content": CONTENT,
    "result": "passed",
    "since": NOW - 7 * 86_400,
}


@pytest.mark.requirement("R1.8", on="opa")
def test_what_passed_in_staging_may_go_to_production(ask: Ask) -> None:
    """R1.8: the very content that an attestation shows to have passed in staging is activated."""
    assert _activate(ask, tested=PASSED)["action"] == "allow"


@pytest.mark.requirement("R1.8", on="opa")
@pytest.mark.parametrize(
    "tested",
    [
        None,
        {**PASSED, "result": "failed"},
        {**PASSED, "content": "sha256:other"},
        {**PASSED, "environment": "dev"},
    ],
    ids=["never tested", "failed", "other content", "other environment"],
)
def test_what_staging_did_not_pass_is_not_activated(
    ask: Ask, tested: dict[str, object] | None
) -> None:
    """R1.8: without such an attestation of this very content, production refuses."""
    decision = _activate(ask, tested=tested)
    assert decision["action"] == "block"
    assert "activate.tested-before" in rules(decision)


@pytest.mark.requirement("R1.8", on="opa")
@pytest.mark.parametrize("since", [NOW - 7 * 86_400 + 1, NOW + 1, None])
def test_what_was_not_in_staging_for_long_enough_is_not_activated(
    ask: Ask, since: int | None
) -> None:
    """R1.8: a second less than the release asks for, or no word of since when, and production refuses."""
    tested = {name: value for name, value in {**PASSED, "since": since}.items() if value}
    assert rules(_activate(ask, tested=tested)) == {"activate.stayed"}


@pytest.mark.requirement("R1.8", on="opa")
def test_an_activation_names_its_change(ask: Ask) -> None:
    """R1.8: an activation without a change reference is refused."""
    decision = _activate(ask, tested=PASSED, **{"activation.change_ref": None})
    assert rules(decision) == {"activate.change-ref"}


@pytest.mark.requirement("R1.8", on="opa")
def test_staging_needs_no_earlier_environment(ask: Ask) -> None:
    """R1.8: the first environment is where a policy is tested."""
    decision = _activate(ask, tested=None, **{"activation.environment": "staging"})
    assert decision["action"] == "allow"


@pytest.mark.requirement("R1.8", on="opa")
def test_an_unknown_environment_is_refused(ask: Ask) -> None:
    """R1.8: an environment that the release does not list is no first environment."""
    decision = _activate(ask, tested=PASSED, **{"activation.environment": "qa"})
    assert decision["action"] == "block"
