"""What the gate of a release asks for before its content is activated, on the real OPA."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.requirements.ask import HOUR, NOW, Ask, rules
from tests.requirements.people import IDENTITIES, key_of

from ringfence.testing.facts import nested
from ringfence.trust.token import issue_approval, issue_attestation

POINT, DAY = "policy.activate", 86_400
CONTENT, BASELINE = "sha256:5f1d", "sha256:4e0c"
REVIEW, LOOSENED = "activate.review", "activate.loosened"
Facts = Mapping[str, object]
NOTHING: Facts = {}

SHOWN: Facts = {
    "tested.environment": "staging",
    "tested.content": CONTENT,
    "tested.result": "passed",
    "tested.since": NOW - 7 * DAY,
    "policy_tests.content": CONTENT,
    "policy_tests.result": "passed",
    "policy_diff.content": CONTENT,
    "policy_diff.baseline": BASELINE,
    "policy_diff.loosened": 0,
    "policy_replay.content": CONTENT,
    "policy_replay.baseline": BASELINE,
    "policy_replay.window": 30 * DAY,
    "policy_replay.events": 20_000,
    "policy_replay.new_block": 20,
    "policy_replay.not_replayable": 1_000,
}


def _facts(environment: str, shown: Facts, said: Facts) -> dict[str, object]:
    facts = {
        "request.by": IDENTITIES["maria"],
        "activation.bundle": "guarded",
        "activation.environment": environment,
        "activation.content": CONTENT,
        "activation.baseline": BASELINE,
        "activation.change_ref": "CHG-7",
        **shown,
        **said,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _attest(facts: Facts, **changes: Any) -> str:
    """Return the scanner's word on these facts of this content; `changes` replace what it says."""
    said: dict[str, Any] = {
        "subject": {"activation.content": CONTENT},
        "point": POINT,
        "tenant": "platform",
        "env": "prod",
        "by": IDENTITIES["scanner"],
        "issued_at": NOW,
        "lifetime": HOUR,
        "key": key_of("scanner"),
        "kid": "scanner",
        **changes,
    }
    return issue_attestation(
        {name: value for name, value in facts.items() if value is not None}, **said
    )


def _approve(
    ask: Ask, facts: Facts, *, kid: str = "lee", of: Sequence[str] = (REVIEW,), **changes: Any
) -> str:
    said: dict[str, Any] = {
        "point": ask.points[POINT],
        "tenant": "platform",
        "env": "prod",
        "by": IDENTITIES[kid],
        "requester": IDENTITIES["maria"],
        "issued_at": NOW,
        "lifetime": HOUR,
        "key": key_of(kid),
        "kid": kid,
        **changes,
    }
    return issue_approval(nested(facts), rules=of, **said)


def _request(facts: Facts, tokens: Sequence[str]) -> dict[str, object]:
    """Return a request with these approvals, and all that must be shown attested."""
    return {
        "point": POINT,
        "tenant": "platform",
        "facts": nested(facts),
        "attestations": [_attest(SHOWN)],
        "approvals": tokens,
    }


def _activate(
    ask: Ask,
    environment: str = "prod",
    *,
    shown: Facts = SHOWN,
    said: Facts = NOTHING,
    attestations: Sequence[str] | None = None,
    reviewers: Sequence[str] = ("lee", "robin"),
    of: Sequence[str] = (REVIEW,),
    now: int = NOW,
) -> dict[str, Any]:
    """Ask to activate; all is shown, attested and approved unless said otherwise."""
    facts = _facts(environment, shown, said)
    given = [_attest(shown)] if attestations is None else list(attestations)
    tokens = [_approve(ask, facts, kid=kid, of=of) for kid in reviewers]
    return ask.raw(_request(facts, tokens) | {"attestations": given}, now=now)


@pytest.mark.requirement("R1.8", on="opa")
def test_what_shows_all_that_the_gate_asks_for_is_activated(ask: Ask) -> None:
    """R1.8: every attestation at its very limit and two reviewers: allowed, and both are named."""
    decision = _activate(ask)
    assert decision["action"] == "allow"
    assert {one["by"] for one in decision["approvals"]} == {IDENTITIES["lee"], IDENTITIES["robin"]}
    attached = {one["approval"] for one in decision["obligations"] if one.get("attach")}
    assert attached == {one["approval"] for one in decision["approvals"]}


FALLS_SHORT = {
    "tests failed": ({"policy_tests.result": "failed"}, {"activate.tests"}),
    "tests of another content": ({"policy_tests.content": "sha256:0"}, {"activate.tests"}),
    "tests that were not run": ({"policy_tests.result": None}, {"activate.tests"}),
    "comparison with another baseline": ({"policy_diff.baseline": "sha256:0"}, {"activate.diff"}),
    "comparison of another content": ({"policy_diff.content": "sha256:0"}, {"activate.diff"}),
    "no count of what is loosened": ({"policy_diff.loosened": None}, {LOOSENED}),
    "replay of another content": ({"policy_replay.content": "sha256:0"}, {"activate.replay"}),
    "replay against another": ({"policy_replay.baseline": "sha256:0"}, {"activate.replay"}),
    "replay of too short a time": ({"policy_replay.window": 30 * DAY - 1}, {"activate.replay"}),
    "replay of nothing": (
        {f"policy_replay.{name}": 0 for name in ("events", "new_block", "not_replayable")},
        {"activate.replay"},
    ),
    "one more newly blocked": ({"policy_replay.new_block": 21}, {"activate.new-block"}),
    "one more not replayable": (
        {"policy_replay.not_replayable": 1_001},
        {"activate.not-replayable"},
    ),
    "no count of newly blocked": ({"policy_replay.new_block": None}, {"activate.new-block"}),
    "a second too short in staging": ({"tested.since": NOW - 7 * DAY + 1}, {"activate.stayed"}),
}


@pytest.mark.requirement("R1.8", on="opa")
@pytest.mark.parametrize(("changes", "broken"), FALLS_SHORT.values(), ids=FALLS_SHORT)
def test_what_falls_short_is_not_activated(ask: Ask, changes: Facts, broken: set[str]) -> None:
    """R1.8: one step beyond a limit, another content, another baseline, or no word: blocked."""
    decision = _activate(ask, shown={**SHOWN, **changes})
    assert (decision["action"], rules(decision)) == ("block", broken)


FORGED: Mapping[str, Mapping[str, Any]] = {
    "signed by a key that no trust root has": {"key": key_of("stranger")},
    "signed by who may only approve": {"by": IDENTITIES["lee"], "key": key_of("lee"), "kid": "lee"},
    "expired": {"issued_at": NOW - HOUR},
    "of another content": {"subject": {"activation.content": "sha256:0"}},
    "for another tenant": {"tenant": "acme"},
    "for another environment": {"env": "staging"},
    "for another decision point": {"point": "runner.deploy"},
}


@pytest.mark.requirement("R1.8", on="opa")
@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED)
def test_what_nobody_vouches_for_is_not_shown(ask: Ask, changes: Mapping[str, Any]) -> None:
    """R1.8: facts under an attestation that does not count are as missing as unsent ones."""
    decision = _activate(ask, attestations=[_attest(SHOWN, **changes)])
    assert decision["action"] == "block"
    assert rules(decision) >= {"activate.tested-before", "activate.tests", "activate.diff"}


@pytest.mark.requirement("R1.8", on="opa")
def test_the_caller_cannot_better_what_was_attested(ask: Ask) -> None:
    """R1.8: an attested failure stays one where the request says that the tests passed."""
    failed = _attest({**SHOWN, "policy_tests.result": "failed"})
    assert "activate.tests" in rules(_activate(ask, attestations=[failed]))


@pytest.mark.requirement("R1.8", on="opa")
@pytest.mark.parametrize("baseline", [None, "sha256:0"])
def test_the_baseline_is_the_one_in_force(ask: Ask, baseline: str | None) -> None:
    """R1.8: a comparison with what is not said to be in force shows nothing, nor does a replay."""
    decision = _activate(ask, said={"activation.baseline": baseline})
    assert rules(decision) == {"activate.diff", "activate.replay"}


@pytest.mark.requirement("R1.8", on="opa")
@pytest.mark.parametrize("reviewers", [(), ("lee",), ("lee", "lee"), ("lee", "scanner")])
def test_two_reviewers_are_two_people_of_the_group(ask: Ask, reviewers: Sequence[str]) -> None:
    """R1.8: none, one, one person twice, or one beside an outsider: the activation waits."""
    decision = _activate(ask, reviewers=reviewers)
    assert decision["action"] == "human_review"
    assert rules(decision) == {REVIEW}
    missed = {entry["why"] for entry in decision.get("approvals_missed", [])}
    assert ("too_few_approvers" in missed) == ("lee" in reviewers)


@pytest.mark.requirement("R1.8", on="opa")
def test_a_reviewer_does_not_count_for_a_request_of_their_own(ask: Ask) -> None:
    """R1.8: lee asks and lee's token names maria, or lee in other letters: one reviewer is too few."""
    said = {"request.by": IDENTITIES["lee"]}
    facts = _facts("prod", SHOWN, said)
    tokens = [
        _approve(ask, facts),
        _approve(ask, facts, kid="robin", requester=IDENTITIES["lee"]),
    ]
    decision = ask.raw(_request(facts, tokens))
    assert (decision["action"], rules(decision)) == ("human_review", {REVIEW})


@pytest.mark.requirement("R1.8", on="opa")
def test_the_lift_ends_with_the_first_approval_that_it_needs(ask: Ask) -> None:
    """R1.8: of each person the approval that holds longest counts, and the decision is valid till one ends."""
    facts = _facts("prod", SHOWN, NOTHING)
    given = (("lee", 600), ("lee", 1200), ("robin", 900))
    tokens = [_approve(ask, facts, kid=kid, lifetime=seconds) for kid, seconds in given]
    decision = ask.raw(_request(facts, tokens))
    ends = {one["by"]: one["until"] - NOW for one in decision["approvals"]}
    assert ends == {IDENTITIES["lee"]: 1200, IDENTITIES["robin"]: 900}
    assert decision["valid_until"] == NOW + 900


@pytest.mark.requirement("R1.8", on="opa")
def test_a_replay_takes_the_approvals_that_were_recorded(ask: Ask) -> None:
    """R1.8: of a log without tokens, both recorded approvals count as they did, and one is too few."""
    decision = _activate(ask)
    request = {
        "point": POINT,
        "tenant": "platform",
        "facts": nested(_facts("prod", SHOWN, NOTHING)),
        "recorded": {"unattested": decision["unknown"], "approvals": decision["approvals"]},
    }
    assert ask.raw(request) == decision
    request["recorded"] = {"unattested": [], "approvals": decision["approvals"][:1]}
    assert ask.raw(request)["action"] == "human_review"


@pytest.mark.requirement("R1.8", on="opa")
def test_what_is_loosened_needs_the_reviewers_to_approve_that_too(ask: Ask) -> None:
    """R1.8: two reviewers lift it where their tokens name it, and not where they name the review alone."""
    shown = {**SHOWN, "policy_diff.loosened": 3}
    waiting = _activate(ask, shown=shown)
    assert (waiting["action"], rules(waiting)) == ("human_review", {LOOSENED})
    assert _activate(ask, shown=shown, of=(REVIEW, LOOSENED))["action"] == "allow"
    one = _activate(ask, shown=shown, of=(REVIEW, LOOSENED), reviewers=["lee"])
    assert rules(one) == {REVIEW, LOOSENED}


@pytest.mark.requirement("R1.8", on="opa")
def test_approvals_are_of_this_very_candidate(ask: Ask) -> None:
    """R1.8: reviewers of other facts, such as another comparison, approve nothing here."""
    other = _facts(
        "prod", {**SHOWN, "policy_tests.content": "sha256:0"}, {"activation.content": "sha256:0"}
    )
    tokens = [_approve(ask, other, kid=kid) for kid in ("lee", "robin")]
    decision = ask.raw(_request(_facts("prod", SHOWN, NOTHING), tokens))
    assert rules(decision) == {REVIEW}
    assert {entry["why"] for entry in decision["approvals_missed"]} == {"other_request"}


@pytest.mark.requirement("R1.8", on="opa")
def test_where_nothing_may_be_loosened_no_reviewer_helps(ask: Ask) -> None:
    """R1.8: `loosened: none` blocks a content that allows more, whoever approves."""
    shown = {name: value for name, value in SHOWN.items() if name.startswith("policy_diff")}
    assert _activate(ask, "canary", shown=shown)["action"] == "allow"
    looser = {**shown, "policy_diff.loosened": 1}
    decision = _activate(ask, "canary", shown=looser, of=(REVIEW, LOOSENED, "activate.tightened"))
    assert (decision["action"], rules(decision)) == ("block", {"activate.tightened"})


@pytest.mark.requirement("R1.8", on="opa")
def test_a_release_is_not_activated_before_it_is_effective(ask: Ask) -> None:
    """R1.8: a second before `effective_at` it is blocked and told from when; then it is allowed."""
    shown = {name: value for name, value in SHOWN.items() if name.startswith("policy_diff")}
    token = _attest(shown, issued_at=NOW - 60)
    early = _activate(ask, "canary", shown=shown, attestations=[token], now=NOW - 1)
    (reason,) = early["reasons"]
    assert reason["rule"] == "activate.effective"
    assert "2026-11-20T09:00:00Z" in reason["message"]
    assert _activate(ask, "canary", shown=shown, attestations=[token])["action"] == "allow"
