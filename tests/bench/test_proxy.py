"""The cost of a call through the proxy, beside a direct call and OPA's own time in the same run."""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from pytest_benchmark.fixture import BenchmarkFixture
from tests.proxy.policies import REQUESTER, TOOLS, write_bundle, write_policies
from tests.proxy.running import Desk, proxied, run

from ringfence.opa.server import OpaServer
from ringfence.proxy.arguments import digest_arguments
from ringfence.proxy.budget import Used
from ringfence.proxy.identity import Identity
from ringfence.proxy.question import call_facts, call_question
from ringfence.tools.definition import read_tools

pytestmark = pytest.mark.bench

CALLS, WARM_UP = 2000, 100
FIND: tuple[str, dict[str, Any]] = ("find_customer", {"name": "Maria"})
_FEW = (
    "turns: 50, tokens: 500000, tool_calls: 200, duration: 30m",
    "turns: 9999999, tokens: 999999999, tool_calls: 9999999, duration: 24h",
)
_WHO = Identity(
    tenant="acme", environment="prod", requester=REQUESTER, agent="desk-agent", session="s-1",
    server="desk",
)  # fmt: skip

Series = dict[str, list[float]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle whose budgets a benchmark does not use up."""
    folder = tmp_path_factory.mktemp("bench")
    root = write_policies(folder / "repository", {"platform/tools.yaml": _FEW})
    return write_bundle(root, folder / "bundle")


def _percentile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that at least this part of them does not exceed."""
    return sorted(values)[max(0, -(-len(values) * round(part * 1000) // 1000) - 1)]


class _Opa:
    """OPA asked the proxy's question directly; it tells the time that its own handler took."""

    def __init__(self, server: OpaServer) -> None:
        self._session = server.session()
        self._url = f"{server.url}/v1/data/ringfence/main/decision?metrics=true"
        digest = {one.name: one.digest for one in read_tools(TOOLS)}[FIND[0]]
        facts = call_facts(
            _WHO, tool=FIND[0], digest=digest, arguments=digest_arguments(FIND[1]), drifted=0,
            usage=Used().facts({}),
        )  # fmt: skip
        self._question = {"input": call_question(_WHO, facts, approvals=())}

    def ask(self) -> tuple[float, float]:
        """Return the milliseconds of one round trip, and of OPA's handler in it."""
        began = time.perf_counter()
        answer = self._session.post(self._url, json=self._question, timeout=10).json()
        took = (time.perf_counter() - began) * 1000
        assert answer["result"]["action"] == "allow"
        return took, answer["metrics"]["timer_server_handler_ns"] / 1e6

    def close(self) -> None:
        """End the connection."""
        self._session.close()


async def _timed(call: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    result = await call()
    took = (time.perf_counter() - began) * 1000
    assert not result.is_error
    return took


def _measure(folder: Path, bundle: Path, options: Sequence[str]) -> Series:
    """Alternate direct calls, calls through the proxy, and questions to OPA."""
    series: Series = {"direct": [], "proxied": [], "opa, round trip": [], "opa, handler": []}
    (folder / "direct").mkdir()
    (folder / "guarded").mkdir()
    alone, desk = Desk(folder / "direct"), Desk(folder / "guarded")

    async def test() -> None:
        with OpaServer(paths=[bundle]) as server:
            opa = _Opa(server)
            parameters = StdioServerParameters(command=sys.executable, args=alone.command[1:])
            async with (
                Client(stdio_client(parameters), cache=None) as direct,
                proxied(desk, *options, opa=f"unix:{server.socket_path}") as guarded,
            ):
                for _ in range(WARM_UP + CALLS):
                    series["direct"].append(await _timed(lambda: direct.call_tool(*FIND)))
                    series["proxied"].append(await _timed(lambda: guarded.call_tool(*FIND)))
                    for name, took in zip(("round trip", "handler"), opa.ask(), strict=True):
                        series[f"opa, {name}"].append(took)
            opa.close()

    run(test)
    return {name: values[WARM_UP:] for name, values in series.items()}


@pytest.mark.parametrize("kept", [False, True], ids=["in memory", "in a file"])
def test_overhead_of_a_call(
    benchmark: BenchmarkFixture, tmp_path: Path, bundle: Path, kept: bool
) -> None:
    """Measure an allowed call over stdio on both sides; the session's state in memory, or in a file."""
    options = ("--state", str(tmp_path / "state")) if kept else ()
    series: Series = benchmark.pedantic(_measure, args=(tmp_path, bundle, options), rounds=1)  # type: ignore[no-untyped-call] # pytest-benchmark ships no types for it
    for name, values in series.items():
        p50, p99 = _percentile(values, 0.5), _percentile(values, 0.99)
        benchmark.extra_info |= {f"{name}, p50": p50, f"{name}, p99": p99}
        print(f"\n{name}: p50 {p50:.3f} ms, p99 {p99:.3f} ms, {len(values)} calls", end="")
    extra = [one - other for one, other in zip(series["proxied"], series["direct"], strict=True)]
    print(f"\noverhead, pairwise: p50 {_percentile(extra, 0.5):.3f} ms", end="")
    print(f", p99 {_percentile(extra, 0.99):.3f} ms")
