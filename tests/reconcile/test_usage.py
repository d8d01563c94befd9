"""Facts about approvals, exceptions and revisions that no longer counted."""

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.reconcile.world import Decisions, World, changed_run, record_of, run_of

AT = "2020-01-01T00:00:00Z"
LATER = "2999-01-01T00:00:00Z"


def _approved(event: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(event)
    found["result"]["approvals"] = [
        {"rule": "runner.timeout", "approval": "app-1", "until": 1, "by": "user:lee@example.com"}
    ]
    found["result"]["waived"] = [
        {"rule": "runner.retries", "exception": "EXC-1", "until": 1, "by": "b", "reason": "r"}
    ]
    return found


@pytest.fixture
def approved(decisions: Decisions) -> list[dict[str, Any]]:
    """Return three decisions in which the same approval and exception lifted rules."""
    return [_approved(one) for one in decisions.events[:3]]


def test_approval_used_by_too_many_decisions_is_found(
    approved: list[dict[str, Any]], tmp_path: Path
) -> None:
    """More uses than it may have are RF995; as many as it may have are none."""
    world = World.make(tmp_path, [record_of(one) for one in approved])
    assert world.codes("--grace", "1h", "--uses", "2") == ["RF995"]
    assert world.codes("--grace", "1h", "--uses", "3") == []


def test_decisions_of_one_run_are_one_use(
    approved: list[dict[str, Any]], decisions: Decisions, tmp_path: Path
) -> None:
    """A runner that asks twice for one run has used its approval once."""
    plain = run_of(*decisions.events[:2])
    checks = [
        {"id": rule, "outcome": outcome, "decision_id": one["decision_id"]}
        for one in approved[:2]
        for rule, outcome in (("runner.timeout", "approved"), ("runner.retries", "waived"))
    ]
    run = changed_run(plain, checks=checks)
    world = World.make(tmp_path, [record_of(one) for one in approved[:2]] + [run])
    assert world.codes() == []


def test_approval_of_a_blocked_decision_was_not_used(decisions: Decisions, tmp_path: Path) -> None:
    """What allowed nothing used nothing up."""
    events = [_approved(decisions.events[3]), _approved(decisions.events[0])]
    world = World.make(tmp_path, [record_of(one) for one in events])
    assert world.codes("--grace", "1h") == []


@pytest.mark.parametrize("revoked", ["token: app-1", "exception: EXC-1"])
@pytest.mark.parametrize(("at", "expected"), [(AT, ["RF996"]), (LATER, [])])
def test_revoked_approvals_and_exceptions_are_found(
    approved: list[dict[str, Any]], tmp_path: Path, revoked: str, at: str, expected: list[str]
) -> None:
    """What was revoked before the decision is RF996; what was revoked later had counted."""
    folder = tmp_path / "revoked"
    folder.mkdir()
    (folder / "one.yaml").write_text(
        "apiVersion: ringfence/v1\nkind: Revocation\n"
        "metadata: {name: one, scope: platform, owner: platform}\n"
        f"spec:\n  revokes: {{{revoked}}}\n  by: user:maria@example.com\n"
        f'  at: "{at}"\n  reason: leaked\n'
    )
    world = World.make(tmp_path, [record_of(approved[0])])
    assert world.codes("--grace", "1h", "--revocations", str(folder)) == expected


@pytest.mark.parametrize(("at", "expected"), [(AT, ["RF997"]), (LATER, [])])
def test_decision_by_a_retired_bundle_is_found(
    decisions: Decisions, tmp_path: Path, at: str, expected: list[str]
) -> None:
    """A revision that decides after it was retired is RF997, also where it blocked."""
    event = decisions.events[3]
    revision = event["bundles"]["runtime"]["revision"]
    world = World.make(tmp_path, [record_of(event)])
    assert world.codes("--retired", f"{revision}={at}") == expected
    assert world.codes("--retired", f"another={at}") == []


def test_mistakes_in_what_is_told_are_usage_errors(decisions: Decisions, tmp_path: Path) -> None:
    """A time, a duration or a key that cannot be read ends the command with 1."""
    world = World.make(tmp_path, [])
    key = str(decisions.key)
    for options in (
        ("--retired", "x=yesterday"),
        ("--grace", "soon"),
        ("--runner", "pool-1"),
        ("--runner", f"pool-2={key}"),
        ("--bundle-key", str(tmp_path / "pool-1.pub.pem")),
        ("--seed", "1"),
        ("--runs", key),
    ):
        assert world.run(*options).exit_code == 1
