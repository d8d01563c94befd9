"""The cost of decisions on tools: allocations, and time as a ratio to the trivial rule in one run."""

import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from tests.bench.agents import call_request, list_request, write_agents
from tests.bench.cost import Cost, measure, measure_floor

from ringfence.opa.ask import OpaDecisions
from ringfence.opa.server import OpaServer

pytestmark = pytest.mark.bench

CASES = {
    "tool.call, clean": call_request(1, 1, seed=1),
    "tool.call, waits for approval": call_request(1, 1, seed=1, place=9),
    "tool.call, budget reached": call_request(1, 1, seed=1, tool_calls=200),
    "tool.call, unlisted": call_request(1, 1, seed=2),
    "tools.list, 100 tools, all allowed": list_request(1, 1, seed=1, tools=100),
    "tools.list, 200 tools, half hidden": list_request(1, 1, seed=1, tools=100, more=100),
    "tools.list, 100 tools, one missing": list_request(1, 1, seed=1, tools=99, more=1),
}


def _report(benchmark: BenchmarkFixture, name: str, folder: Path, asked: object) -> None:
    floor = measure_floor(folder.parent / "trivial")
    cost: Cost = benchmark.pedantic(measure, args=(folder, asked), rounds=1)  # type: ignore[no-untyped-call] # pytest-benchmark ships no types for it
    ratio = cost.nanoseconds / floor.nanoseconds
    benchmark.extra_info |= {"allocations": cost.allocations, "ratio": round(ratio, 1)}
    print(f"\n{name}: {cost.allocations} allocations (trivial {floor.allocations}), x{ratio:.1f}")


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a bundle of 100 agents with 100 tools each."""
    return write_agents(tmp_path_factory.mktemp("agents") / "bundle", 100, tools=100)


@pytest.mark.parametrize("name", CASES)
def test_cost_of_one_decision(benchmark: BenchmarkFixture, agents: Path, name: str) -> None:
    """Measure a decision on tools of an agent that has 100 of them."""
    _report(benchmark, name, agents, CASES[name])


@pytest.mark.parametrize("agents_in_all", [10, 1000, 10_000])
@pytest.mark.parametrize("one_tenant", [False, True])
@pytest.mark.parametrize("point", ["tool.call", "tools.list"])
def test_flatness_in_agents(
    benchmark: BenchmarkFixture, tmp_path: Path, agents_in_all: int, one_tenant: bool, point: str
) -> None:
    """Measure a clean decision among agents with 50 tools each, a tenant each or all in one."""
    folder = write_agents(tmp_path / "bundle", agents_in_all, tools=50, one_tenant=one_tenant)
    tenant = 0 if one_tenant else 5
    asked = (
        call_request(tenant, 5, seed=5)
        if point == "tool.call"
        else list_request(tenant, 5, seed=5, tools=50)
    )
    where = "one tenant" if one_tenant else "a tenant each"
    _report(benchmark, f"{point}, {agents_in_all} agents, {where}", folder, asked)


@pytest.mark.parametrize("one_tenant", [False, True])
def test_ten_thousand_agents_in_one_opa(
    benchmark: BenchmarkFixture, tmp_path: Path, one_tenant: bool
) -> None:
    """Measure an OPA with 10,000 agents of 50 tools: size, time until ready, memory, and decisions."""
    folder = write_agents(tmp_path / "bundle", 10_000, tools=50, one_tenant=one_tenant)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    asked = [call_request(0 if one_tenant else n, n, seed=n) for n in range(0, 10_000, 10)]

    def serve() -> tuple[float, int, list[float]]:
        began = time.perf_counter()
        with OpaServer(paths=[folder]) as server, OpaDecisions(unix=server.socket_path) as client:
            ready, took = time.perf_counter() - began, []
            for request in asked:
                began = time.perf_counter()
                assert client.decide(request)["action"] == "allow"
                took.append((time.perf_counter() - began) * 1000)
            return ready, _resident(server.pid), sorted(took)

    ready, resident, took = benchmark.pedantic(serve, rounds=1)  # type: ignore[no-untyped-call] # pytest-benchmark ships no types for it
    where = "one tenant" if one_tenant else "a tenant each"
    print(
        f"\n{where}: {size / 1e6:.1f} MB of files, ready in {ready:.1f} s, {resident / 1e6:.0f} MB",
        end="",
    )
    print(f"; round trip p50 {took[499]:.2f} ms, p99 {took[989]:.2f} ms, of {len(took)} agents")


def _resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) * 1024
