"""Budgets of a session: counted before a call goes out, also by several calls and proxies at once."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import anyio
import mcp_types as types
import pytest
from mcp.client.client import Client
from tests.proxy.policies import POLICY, TOOLS, write_bundle, write_policies
from tests.proxy.running import Desk, proxied, run, said, text

from ringfence.opa.server import OpaServer

FIND, ROLE = ("find_customer", {"name": "Maria"}), ("get_credential", {"role": "reader"})


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve policies with small budgets, and return where OPA listens."""
    folder = tmp_path_factory.mktemp("narrow")
    old = "turns: 50, tokens: 500000, tool_calls: 200, duration: 30m, pipeline_runs: 15, "
    new = "turns: 50, tokens: 2000, tool_calls: 5, duration: 30m, pipeline_runs: 2, "
    few = ("credential_requests: 10", "credential_requests: 1")
    root = write_policies(folder / "repository", {"platform/tools.yaml": (old, new)})
    file = root / "platform/tools.yaml"
    file.write_text(file.read_text().replace(*few))
    locks = root / "platform/locks"
    lock = (locks / "desk.lock.yaml").read_text().replace("server: desk", "server: till")
    (locks / "till.lock.yaml").write_text(lock)
    policy = root / POLICY
    servers = "    till: {lock: ../../platform/locks/till.lock.yaml}\n  allow:\n"
    row = "    - {tool: till/find_customer, effect: read}\n"
    policy.write_text(policy.read_text().replace("  allow:\n", servers + row))
    with OpaServer(paths=[write_bundle(root, folder / "bundle")]) as server:
        yield f"unix:{server.socket_path}"


def _stopped_by(result: types.CallToolResult, budget: str) -> bool:
    code = f"tool.budget.{budget.replace('_', '-')}"
    if said(result) != ("block", {code}):
        return False
    own = (result.structured_content or {})["ringfence"]
    named = {name: own[name] for name in ("error", "budget", "stop")}
    assert named == {"error": "BudgetExceededError", "budget": budget, "stop": "session"}
    return text(result).startswith("BudgetExceededError: blocked")


@pytest.mark.requirement("R4.14", on="command")
@pytest.mark.requirement("R4.49", on="command")
@pytest.mark.requirement("R4.53", on="command")
@pytest.mark.requirement("R4.54", on="command")
def test_calls_at_once_never_use_more_than_the_budget(desk: Desk, narrow: str) -> None:
    """R4.14, R4.49, R4.53, R4.54: of twelve calls at once, five go out, and seven are stopped."""
    results: list[types.CallToolResult] = []

    async def test() -> None:
        async with proxied(desk, opa=narrow) as client:

            async def call() -> None:
                results.append(await client.call_tool(*FIND))

            async with anyio.create_task_group() as group:
                for _ in range(12):
                    group.start_soon(call)
        stopped = [one for one in results if one.is_error]
        assert len(stopped) == 7
        assert all(_stopped_by(one, "tool_calls") for one in stopped)
        assert desk.called() == ["find_customer"] * 5

    run(test)


@pytest.mark.requirement("R4.54", on="command")
def test_proxies_of_one_session_share_its_budgets(desk: Desk, narrow: str, tmp_path: Path) -> None:
    """R4.54: two proxies at once and a third one later make five calls together, and not five each."""
    shared = ("--state", str(tmp_path / "state"))
    refused: list[bool] = []

    async def some(client: Client) -> None:
        for _ in range(4):
            refused.append((await client.call_tool(*FIND)).is_error)

    async def test() -> None:
        async with (
            proxied(desk, *shared, opa=narrow) as one,
            proxied(desk, *shared, opa=narrow) as other,
            anyio.create_task_group() as group,
        ):
            group.start_soon(some, one)
            group.start_soon(some, other)
        assert (refused.count(False), len(desk.calls())) == (5, 5)
        async with proxied(desk, *shared, opa=narrow) as later:
            assert _stopped_by(await later.call_tool(*FIND), "tool_calls")
        async with proxied(desk, *shared, "--session", "s-2", opa=narrow) as new:
            assert not (await new.call_tool(*FIND)).is_error

    run(test)


@pytest.mark.requirement("R4.50", on="command")
def test_a_session_ends_by_its_age_also_in_a_new_proxy(
    desk: Desk, narrow: str, tmp_path: Path
) -> None:
    """R4.50: a session that began half an hour ago makes no call, whenever its proxy began."""
    shared = ("--state", str(tmp_path / "state"))

    async def test() -> None:
        async with proxied(desk, *shared, opa=narrow) as client:
            assert not (await client.call_tool(*FIND)).is_error
        (file,) = (tmp_path / "state").glob("*.sqlite")
        with sqlite3.connect(file) as database:
            database.execute("UPDATE session SET began = began - 1800")
        database.close()
        async with proxied(desk, *shared, opa=narrow) as client:
            assert _stopped_by(await client.call_tool(*FIND), "duration")

    run(test)


@pytest.mark.requirement("R2.24", on="command")
def test_drift_at_one_server_stops_the_session_at_every_other(tmp_path: Path, narrow: str) -> None:
    """R2.24: a proxy that found no drift itself stops its calls until the other one's server is right."""
    shared = ("--state", str(tmp_path / "state"))
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    desk, till = Desk(tmp_path / "one"), Desk(tmp_path / "two")
    till.changes("find_customer", description="Other.")

    async def test() -> None:
        async with (
            proxied(desk, *shared, opa=narrow) as one,
            proxied(till, *shared, "--server", "till", opa=narrow) as two,
        ):
            assert not (await one.call_tool(*FIND)).is_error
            assert "tool.drift" in said(await two.call_tool(*FIND))[1]
            assert said(await one.call_tool(*FIND)) == ("block", {"tool.workload-drift"})
            till.lists(TOOLS)
            assert not (await two.call_tool(*FIND)).is_error
            assert not (await one.call_tool(*FIND)).is_error
        assert (len(desk.calls()), len(till.calls())) == (2, 1)

    run(test)


@pytest.mark.requirement("R4.51", on="command")
@pytest.mark.requirement("R4.52", on="command")
def test_pipelines_and_credentials_are_counted_by_what_the_policy_says(
    desk: Desk, narrow: str
) -> None:
    """R4.51, R4.52: the third pipeline and the second credential are stopped, and other tools are not."""

    async def test() -> None:
        async with proxied(desk, opa=narrow) as client:
            assert not (await client.call_tool(*ROLE)).is_error
            assert _stopped_by(await client.call_tool(*ROLE), "credential_requests")
            for _ in range(2):
                assert not (await client.call_tool("start_pipeline", {})).is_error
            assert _stopped_by(await client.call_tool("start_pipeline", {}), "pipeline_runs")
            assert not (await client.call_tool(*FIND)).is_error
        assert desk.called() == ["get_credential", "start_pipeline", "start_pipeline", FIND[0]]

    run(test)


@pytest.mark.requirement("R4.48", on="command")
def test_bytes_of_arguments_count_as_tokens(desk: Desk, narrow: str) -> None:
    """R4.48: a call whose arguments are as long as the budget goes out, and the next one does not."""

    async def test() -> None:
        async with proxied(desk, opa=narrow) as client:
            assert not (await client.call_tool("find_customer", {"name": "x" * 8000})).is_error
            assert _stopped_by(await client.call_tool(*FIND), "tokens")

    run(test)


@pytest.mark.requirement("R4.48", on="command")
def test_bytes_of_answers_count_as_tokens(desk: Desk, opa: str) -> None:
    """R4.48: after a call the session has used the bytes of its arguments and of its whole answer."""

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            for _ in range(2):
                await client.call_tool(*FIND)
        asked = len(json.dumps(FIND[1], separators=(",", ":")))
        (answered, _) = [one["bytes"] for one in desk.events("answer")]
        counts = [one["usage"]["tokens"] for one in desk.events("call")]
        assert counts == [0, -(-(asked + answered) // 4)]

    run(test)


@pytest.mark.requirement("R4.47", on="command")
@pytest.mark.requirement("R4.48", on="command")
def test_the_runtime_tells_turns_and_tokens(desk: Desk, narrow: str, tmp_path: Path) -> None:
    """R4.47, R4.48: counts of the runtime hold where they are greater, and unreadable ones stop all."""
    told = tmp_path / "usage.json"

    async def test() -> None:
        async with proxied(desk, "--usage", str(told), opa=narrow) as client:
            assert said(await client.call_tool(*FIND)) == ("block", {"proxy.usage"})
            for turns, tokens, budget in ((49, 1999, ""), (50, 0, "turns"), (0, 2000, "tokens")):
                told.write_text(json.dumps({"turns": turns, "tokens": tokens}))
                result = await client.call_tool(*FIND)
                assert _stopped_by(result, budget) if budget else not result.is_error
            for wrong in ("", "[]", '{"turns": 1}', '{"turns": -1, "tokens": 0}'):
                told.write_text(wrong)
                assert said(await client.call_tool(*FIND)) == ("block", {"proxy.usage"})
        assert len(desk.calls()) == 1

    run(test)
