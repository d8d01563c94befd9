"""Exact replay of events whose log left something out, on the real OPA."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.bench.fleet import request

from ringfence.decision_log.event import LogEvent
from ringfence.evaluate import bundle_files
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import compile_repository
from ringfence.replay.exact import Report, replay_exact

POLICIES = Path(__file__).parents[2] / "examples" / "data-platform"
NOW = 1_795_600_000
NS = 1_000_000_000


def _files(policies: Path) -> dict[str, bytes]:
    return bundle_files(
        compile_repository(policies, now=NOW), release="runtime", environment="prod"
    )


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[PolicyServer, PolicyServer]]:
    """Serve the example's policies, and a candidate that caps retries lower."""
    changed = tmp_path_factory.mktemp("candidate") / "policies"
    shutil.copytree(POLICIES, changed)
    path = changed / "tenants" / "acme" / "runners.yaml"
    before = path.read_text()
    path.write_text(before.replace("max_attempts: 5", "max_attempts: 2"))
    assert path.read_text() != before
    with PolicyServer(_files(POLICIES)) as baseline, PolicyServer(_files(changed)) as candidate:
        yield baseline, candidate


def _event(result: dict[str, Any], given: dict[str, Any], **members: Any) -> LogEvent:
    return LogEvent(
        decision_id="d-1",
        timestamp="2026-11-25T09:46:40Z",
        time_ns=NOW * NS,
        path="ringfence/main/decision",
        input=given,
        result=result,
        **members,
    )


def _asked(**changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = request(**changes)
    asked["tenant"] = asked["facts"]["tags"]["tenant"] = "acme"
    return asked


def _replay(servers: tuple[PolicyServer, PolicyServer], event: LogEvent) -> Report:
    baseline, candidate = servers
    return replay_exact([event], baseline=baseline, candidate=candidate)


def test_undeclared_facts_that_the_log_left_out_change_nothing(
    servers: tuple[PolicyServer, PolicyServer],
) -> None:
    """An event without them is replayed, and counted as one that lacks them."""
    given = _asked()
    sent = {**given, "facts": {**given["facts"], "note": "nothing knows it"}}
    recorded = servers[0].decide([(sent, NOW * NS)])[0]
    assert recorded is not None
    report = _replay(servers, _event(recorded, given, masked=("/input/facts",)))
    assert (report.newly_blocked, report.with_masked_facts, report.not_replayable) == (1, 1, 0)


def test_a_mistyped_fact_that_the_log_left_out_changes_nothing(
    servers: tuple[PolicyServer, PolicyServer],
) -> None:
    """What is mistyped counts as missing, so the event without it gives the same decision."""
    sent = _asked(run__timeout="soon", retries__max_attempts=1)
    recorded = servers[0].decide([(sent, NOW * NS)])[0]
    assert recorded is not None
    given = _asked(run__timeout=None, retries__max_attempts=1)
    report = _replay(servers, _event(recorded, given, masked=("/input/facts",)))
    assert (report.unchanged, report.with_masked_facts) == (1, 1)


def test_an_event_that_lacks_what_its_decision_read_is_not_replayed(
    servers: tuple[PolicyServer, PolicyServer],
) -> None:
    """Where the baseline does not decide as recorded without the facts, the event says nothing."""
    recorded = servers[0].decide([(_asked(), NOW * NS)])[0]
    assert recorded is not None
    event = _event(recorded, _asked(run__timeout=None), masked=("/input/facts",))
    report = _replay(servers, event)
    assert (report.not_replayable, report.untrustworthy, report.with_masked_facts) == (1, 0, 0)
    erased = _replay(servers, _event(recorded, _asked(), erased=("/input/facts/run/timeout",)))
    assert erased.not_replayable == 1


def test_a_decision_that_the_policy_does_not_give_is_untrustworthy(
    servers: tuple[PolicyServer, PolicyServer],
) -> None:
    """A log by an OPA that lied about the action, the rules or what was waived is told as such."""
    given = _asked(run__timeout=None)
    recorded = servers[0].decide([(given, NOW * NS)])[0]
    assert recorded is not None
    assert recorded["action"] == "block"
    lies: list[dict[str, Any]] = [
        {"action": "allow", "allowed": True, "reasons": []},
        {"reasons": recorded["reasons"][1:]},
        {"waived": [{"exception": "EXC-1", "rule": "runner.timeout"}]},
    ]
    for lie in lies:
        report = _replay(servers, _event({**recorded, **lie}, given))
        assert (report.untrustworthy, report.unchanged) == (1, 0)
    assert _replay(servers, _event(recorded, given)).untrustworthy == 0
