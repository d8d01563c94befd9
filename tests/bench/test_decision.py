"""The cost of one decision: allocations, and time as a ratio to the trivial rule in one run."""

from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from tests.bench.cost import Cost, measure, measure_floor
from tests.bench.fleet import request, write_fleet

pytestmark = pytest.mark.bench

_IMAGES = [
    {"repository": "registry.internal/base/a", "digest": "sha256:1"},
    {"repository": "registry.internal/base/b", "digest": "sha256:2"},
]
CASES: dict[str, dict[str, Any]] = {
    "clean": {},
    "clean, two images": {"images": _IMAGES},
    "one hit": {"run__timeout": 99_999},
    "one waiver": {"usage__class_hours_month": 999_999},
    "one warning": {"tags__class": "other"},
    "four hits": {
        "run__timeout": 99_999,
        "retries__max_attempts": 99,
        "logging__access_enabled": False,
        "usage__running": 50,
    },
    "a missing fact": {"run__concurrency": None},
}


def _once(benchmark: BenchmarkFixture, folder: Path, asked: object) -> Cost:
    """Measure once: OPA's own benchmark repeats the query itself."""
    cost: Cost = benchmark.pedantic(measure, args=(folder, asked), rounds=1)  # type: ignore[no-untyped-call] # pytest-benchmark ships no types for it
    return cost


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a bundle of 1,000 tenants."""
    return write_fleet(tmp_path_factory.mktemp("fleet") / "bundle", 1000)


@pytest.mark.parametrize("name", CASES)
def test_cost_of_one_decision(benchmark: BenchmarkFixture, fleet: Path, name: str) -> None:
    """Measure a request at 1,000 tenants under all runner rules."""
    floor = measure_floor(fleet.parent / "trivial")
    cost = _once(benchmark, fleet, request(**CASES[name]))
    ratio = cost.nanoseconds / floor.nanoseconds
    benchmark.extra_info |= {"allocations": cost.allocations, "ratio": round(ratio, 1)}
    print(
        f"\n{name}: {cost.allocations} allocations (trivial {floor.allocations}), time x{ratio:.1f}"
    )


@pytest.mark.parametrize("tenants", [10, 100, 1000, 10_000])
@pytest.mark.parametrize(
    ("share", "distinct"), [(0.0, False), (0.1, False), (1.0, False), (0.1, True)]
)
def test_flatness_in_tenants(
    benchmark: BenchmarkFixture, tmp_path: Path, tenants: int, share: float, distinct: bool
) -> None:
    """Measure a clean request of a tenant with the fleet's kind of rules, from 10 to 10,000 tenants."""
    folder = write_fleet(tmp_path / "bundle", tenants, own_share=share, distinct=distinct)
    floor = measure_floor(tmp_path / "trivial")
    cost = _once(benchmark, folder, request(1))
    ratio = cost.nanoseconds / floor.nanoseconds
    benchmark.extra_info |= {"allocations": cost.allocations, "ratio": round(ratio, 1)}
    kind = "distinct" if distinct else "shared"
    print(
        f"\n{tenants} tenants, {share:.0%} own rules, {kind}: {cost.allocations} allocations, x{ratio:.1f}"
    )


@pytest.mark.parametrize("rules", [10, 50, 200])
def test_flatness_in_rules(benchmark: BenchmarkFixture, tmp_path: Path, rules: int) -> None:
    """Measure a clean request of a tenant with 10 to 200 rules of its own, at 100 tenants."""
    folder = write_fleet(tmp_path / "bundle", 100, own_share=1.0, own_rules=rules)
    floor = measure_floor(tmp_path / "trivial")
    cost = _once(benchmark, folder, request(1))
    ratio = cost.nanoseconds / floor.nanoseconds
    benchmark.extra_info |= {"allocations": cost.allocations, "ratio": round(ratio, 1)}
    print(f"\n{rules} own rules: {cost.allocations} allocations, x{ratio:.1f}")
