"""Decisions, read strictly."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.proxy.verdict import blocked, read_verdict

ALLOW = {"action": "allow", "allowed": True, "evaluated": True}


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("allow", True), ("allow+log", True), ("redact", False), ("human_review", False),
     ("block", False)],
)  # fmt: skip
def test_every_action_is_read_with_its_own_allowance(action: str, allowed: bool) -> None:
    """An action says whether the answer may be passed on; the opposite allowance is no decision."""
    decision = {"action": action, "allowed": allowed, "evaluated": True}
    verdict = read_verdict(decision, decision_id="d-1")
    assert (verdict.action, verdict.allows, verdict.was_decided) == (action, allowed, True)
    with pytest.raises(ValueError, match="contradicts"):
        read_verdict({**decision, "allowed": not allowed}, decision_id=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": None}, {"action": ["allow"]}, {"action": "ALLOW"}, {"allowed": 1},
        {"evaluated": "yes"}, {"evaluated": None}, {"reasons": None}, {"reasons": ["x"]},
        {"reasons": [{}]}, {"reasons": [{"rule": 1}]}, {"reasons": [{"rule": "r", "fix": None}]},
        {"obligations": {}}, {"obligations": [{}]}, {"approvals": "x"},
    ],
)  # fmt: skip
def test_what_is_mistyped_is_no_decision(wrong: dict[str, Any]) -> None:
    """One member of another type or value makes the whole answer none."""
    with pytest.raises(ValueError, match=r"^(its|it|an|a) "):
        read_verdict({**ALLOW, **wrong}, decision_id=None)


_VALUES: list[Any] = [
    None, True, False, 0, 1, "", "allow", "allow+log", "block", "redact", [], {}, [{}], ["x"],
    [{"rule": "r"}], [{"rule": 1}], [{"show": []}], {"allow": True},
]  # fmt: skip
_MEMBERS = ("action", "allowed", "evaluated", "reasons", "obligations", "approvals")


@settings(deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(_MEMBERS), st.sampled_from(_VALUES)),
    action=st.sampled_from(["allow", "block", "redact"]),
)
def test_no_answer_is_read_as_more_than_it_says(changes: dict[str, Any], action: str) -> None:
    """Whatever JSON the members hold, a verdict that allows comes of `allow` and `allowed` alone."""
    decision = {**ALLOW, "action": action, "allowed": action == "allow", **changes}
    try:
        verdict = read_verdict(decision, decision_id=None)
    except ValueError:
        return
    assert verdict.allows is (decision["allowed"] is True)
    assert verdict.action == decision["action"]


def test_a_block_needs_no_evaluation() -> None:
    """A block that says that nothing was evaluated is a block all the same."""
    decision = {"action": "block", "allowed": False, "evaluated": False}
    assert not read_verdict(decision, decision_id=None).allows


def test_reasons_obligations_and_approvals_are_kept() -> None:
    """A verdict has what a client, a log and an enforcement point need of the decision."""
    decision = {
        **ALLOW,
        "reasons": [{"rule": "r.1", "message": "said", "fix": "do", "escalate_to": "lead"}],
        "obligations": [{"count": "pipeline_runs"}, {"stop": "session", "budget": "turns"}],
        "approvals": [{"rule": "r.2", "approval": "j-1"}],
    }
    verdict = read_verdict(decision, decision_id="d-1")
    reason = verdict.reasons[0]
    assert (reason.code, reason.text, reason.fix, reason.escalate_to) == (
        "r.1",
        "said",
        "do",
        "lead",
    )
    assert (verdict.codes, verdict.approvals, verdict.decision_id) == (("r.1",), ("j-1",), "d-1")
    assert verdict.due("count") == ("pipeline_runs",)
    assert verdict.undue(["count"]) == {"budget"}
    assert verdict.undue(["count", "stop"]) == frozenset()


def test_a_block_of_the_proxy_was_not_decided() -> None:
    """A verdict without an answer of OPA says so, and allows nothing."""
    verdict = blocked("opa.unavailable", "OPA is away", "try again")
    assert (verdict.action, verdict.allows, verdict.was_decided) == ("block", False, False)
