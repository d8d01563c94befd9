"""What the example's tool policies do to recorded calls: stated here, and in docs/tool-policies.md."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tools.recorded import DATA, EXAMPLE, NOW, Replay, covered, records

from ringfence.check.compiled import Compiled
from ringfence.evaluate import bundle_files
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import compile_repository

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tool-policies.md"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no recorded calls beside the checkout")
Outcome = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    """Compile the example agent platform."""
    return compile_repository(EXAMPLE, now=NOW)


@pytest.fixture(scope="module")
def opa(compiled: Compiled) -> Iterator[PolicyServer]:
    """Serve it as it is in `prod`."""
    with PolicyServer(bundle_files(compiled, release="agents", environment="prod")) as server:
        yield server


def _outcomes(
    compiled: Compiled, opa: PolicyServer, file: str, *, tenant: str, agent: str, server: str
) -> list[Outcome]:
    names = covered(compiled.tenants, tenant=tenant, agent=agent)
    replay = Replay(tenant=tenant, agent=agent, server=server, covered=names)
    return list(replay.decide(records(file), opa=opa))


def _count(outcomes: list[Outcome]) -> dict[str, int]:
    return dict(Counter(decision["action"] for _, decision in outcomes))


def _is_stated(label: str, counts: dict[str, int]) -> bool:
    numbers = [
        sum(counts.values()),
        *(counts.get(a, 0) for a in ("block", "human_review", "allow")),
    ]
    return f"| {label} | {' | '.join(f'{n:,}' for n in numbers)} |" in PAGE.read_text()


def test_calls_of_an_assistant_under_injection(compiled: Compiled, opa: PolicyServer) -> None:
    """Both rates: of the attackers' calls nine in ten are stopped, of the others one in 278."""
    outcomes = _outcomes(
        compiled, opa, "injecagent_calls.jsonl",
        tenant="assistants", agent="personal-assistant", server="assistant",
    )  # fmt: skip
    attack = [one for one in outcomes if one[0]["attacker_call"]]
    benign = [one for one in outcomes if not one[0]["attacker_call"]]
    assert _count(attack) == {"block": 143, "human_review": 504, "allow": 75}
    assert _count(benign) == {"block": 3, "human_review": 1, "allow": 1109}
    assert _is_stated("attackers' calls", _count(attack))
    assert _is_stated("other calls", _count(benign))


def test_what_a_tool_policy_cannot_see_of_them(compiled: Compiled, opa: PolicyServer) -> None:
    """Every attackers' call that passes is an everyday read; seven attacks in 469 are made of those alone."""
    outcomes = _outcomes(
        compiled, opa, "injecagent_calls.jsonl",
        tenant="assistants", agent="personal-assistant", server="assistant",
    )  # fmt: skip
    traces: dict[str, set[str]] = {}
    for call, decision in outcomes:
        if call["attacker_call"]:
            traces.setdefault(call["trace_id"], set()).add(decision["action"])
            if decision["action"] == "allow":
                assert call["family"] == "data_stealing"
                assert "Search" in call["tool"] or "Get" in call["tool"] or "List" in call["tool"]
    assert (len(traces), sum(actions == {"allow"} for actions in traces.values())) == (469, 7)
    assert "469 runs" in PAGE.read_text()
    assert "in 7 of them every call of the attacker passed" in PAGE.read_text()


def test_calls_of_an_airlines_desk(compiled: Compiled, opa: PolicyServer) -> None:
    """Without an attacker, one call in 17 waits for a supervisor and none is blocked."""
    outcomes = _outcomes(
        compiled, opa, "tau_airline_calls.jsonl",
        tenant="airline", agent="desk-agent", server="reservations",
    )  # fmt: skip
    assert _count(outcomes) == {"human_review": 25, "allow": 409}
    assert _is_stated("all calls", _count(outcomes))
    right = [one for one in outcomes if one[0]["in_ground_truth"]]
    assert (len(right), _count(right)["human_review"]) == (148, 13)
    assert "13 of the 148 calls" in PAGE.read_text()


def test_the_github_server_lists_what_the_policy_names(
    compiled: Compiled, opa: PolicyServer
) -> None:
    """Every tool of the triage policy is one of the server's, and of its 39 the agent sees 13."""
    real = {tool["tool"]: tool for tool in records("mcp_github_tools.jsonl")}
    tools = [{"name": name, "digest": _pinned(compiled, name), "shown": False} for name in real]
    facts = {
        "request": {"by": "user:someone@example.com"},
        "agent": {"id": "triage-agent"},
        "tool": {"server": "github"},
        "tools": tools,
    }
    request = {"point": "tools.list", "tenant": "engineering", "facts": facts}
    decision = opa.decide([(request, NOW * 10**9)])[0]
    assert decision is not None
    assert decision["action"] == "allow"
    (obligation,) = decision["obligations"]
    assert len(obligation["show"]) == 13
    said = {name for name in obligation["show"] if real[name]["annotations"]["readOnlyHint"]}
    assert set(obligation["show"]) - said == {
        "add_issue_comment",
        "create_pull_request",
        "issue_write",
        "label_write",
        "update_issue_type",
    }


def _pinned(compiled: Compiled, tool: str) -> str:
    tables = next(one for one in compiled.tenants if one.name == "engineering").tables
    for table in tables.values():
        found = table.get(tool) if isinstance(table, dict) else None
        if isinstance(found, list):
            return str(found[0])
    return "sha256:not-pinned"
