"""The conjunction never holds where a column behind it sees a violation."""

import random
import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from tests.bench.fleet import request, write_fleet

from ringfence.ir.schema import Fact, Scalar
from ringfence.language.facts import all_points
from ringfence.opa import OpaServer

_PROBE = """package ringfence.probe

verdicts contains [case.i, satisfied, hits] if {
	some case in input.cases
	asked := case.input
	satisfied := _count("runner_start", asked)
	hits := _count("without_conjunction", asked)
}

_count(key, asked) := count(found) if {
	found := data.ringfence.points[key].hits with input as asked
} else := -1
"""
# Values that a fact may hold by mistake or on purpose; `None` alone leaves it out.
_VALUES: tuple[Any, ...] = (
    "", "container", "serverless", "dedicated_compute", "medium", "xlarge", "custom", "private_vpc",
    "privatelink", "vpn", "on_premise", "public_vpc_egress", "restricted", "internal", "other",
    0, 1, -1, 5, 10**6, 10**16, 0.5, True, False, [], {}, [1], {"a": 1},
    [{"repository": "registry.internal/base/a", "digest": "sha256:1"}],
    [{"repository": "docker.io/a", "digest": "sha256:1"}], [{"repository": "registry.internal/base/a"}],
    [{"host": "h", "private_available": True}], [{"host": "h", "private_available": False}],
    [{"host": "h", "private_available": False, "dns_validated": True, "dns_checked_at": 4 * 10**9}],
    [{"name": "s", "ref": "secret://x"}], [{"name": "s"}], [{"name": "s", "ref": "plain"}], [7], None,
)  # fmt: skip
_RAW = ("1e10000000", "1e3", "1.0", "null", "-0")


_FACTS = all_points()["runner.start"].by_name()


def _plausible(fact: Fact, chance: random.Random) -> Any:
    """Draw a value of the fact's type."""
    if fact.type.is_records:
        return chance.choice([value for value in _VALUES if isinstance(value, list)])
    match fact.type.scalar:
        case Scalar.ENUM:
            return chance.choice(fact.type.values)
        case Scalar.BOOLEAN:
            return chance.random() < 0.5
        case Scalar.STRING:
            return chance.choice(["daily", "container", "medium", "tenant-00001", "other"])
        case _:
            return chance.choice([0, 1, 5, 900, 10**6, 4 * 10**9])


def _names(facts: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in facts.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{name}.")


def _mutants(count: int, seed: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    for _ in range(count):
        asked: dict[str, Any] = orjson.loads(orjson.dumps(request()))
        extra = ["residency.requirement_id", "host.healthy", "host.checked_at"]
        names = [*_names(asked["facts"]), *extra]
        for _ in range(chance.randint(1, 4)):
            _change(asked["facts"], chance.choice(names), chance)
        if chance.random() < 0.02:
            asked["tenant"] = chance.choice(["nobody", None, 7])
        yield asked


def _change(facts: dict[str, Any], name: str, chance: random.Random) -> None:
    *parents, last = name.split(".")
    place: Any = facts
    for parent in parents:
        place = place.setdefault(parent, {}) if isinstance(place, dict) else {}
    if not isinstance(place, dict):
        return
    if name in _FACTS and chance.random() < 0.8:
        place[last] = _plausible(_FACTS[name], chance)
    elif chance.random() < 0.15:
        place[last] = orjson.Fragment(chance.choice(_RAW))
    elif (value := chance.choice(_VALUES)) is None:
        place.pop(last, None)
    else:
        place[last] = value


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaServer]:
    """Serve a small fleet, and beside its decision point one that always asks every column."""
    folder = write_fleet(tmp_path_factory.mktemp("fleet") / "bundle", 3)
    emitted = (folder / "ringfence/points/runner_start/runner_start.rego").read_text()
    assert emitted.count("satisfied == []") == 1
    beside = emitted.replace("\t\tsatisfied == []\n", "").replace(
        "package ringfence.points.runner_start", "package ringfence.points.without_conjunction"
    )
    probes = [folder.parent / "probe.rego", folder.parent / "beside.rego"]
    for path, text in zip(probes, (_PROBE, beside), strict=True):
        path.write_text(text)
    with OpaServer(paths=[folder, *probes]) as running:
        yield running


def _ask(server: OpaServer, cases: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Return, for each case, the hits found, and those of the columns alone (-1: no answer)."""
    with server.session() as session:
        body = orjson.dumps(
            {"input": {"cases": [{"i": i, "input": one} for i, one in enumerate(cases)]}}
        )
        answer = session.post(
            f"{server.url}/v1/data/ringfence/probe/verdicts", data=body, timeout=300
        )
    if answer.status_code != 200 and len(cases) > 1:
        # OPA refuses to read some numbers at all: ask one by one, so that the others are seen.
        return [_ask(server, [one])[0] for one in cases]
    if answer.status_code != 200:
        return [(-1, -1)]
    found = {i: (hits, columns) for i, hits, columns in answer.json()["result"]}
    assert len(found) == len(cases)
    return [found[i] for i in range(len(cases))]


def test_what_is_satisfied_has_no_hit(server: OpaServer) -> None:
    """Of 4,000 mutated requests, none has other hits for the conjunction that stands before the columns."""
    cases = list(_mutants(4000, seed=1))
    verdicts = [
        v for start in range(0, 4000, 100) for v in _ask(server, cases[start : start + 100])
    ]
    wrong = [case for case, (hits, columns) in zip(cases, verdicts, strict=True) if hits != columns]
    assert wrong == []
    assert sum(hits == 0 for hits, _ in verdicts) > 50, "some mutants must stay clean"
    assert sum(hits > 0 for hits, _ in verdicts) > 500, "many mutants must hit"
    assert sum(hits < 0 for hits, _ in verdicts) > 200, "some mutants must fail the gate"


def test_a_conjunction_that_holds_too_often_is_caught(
    server: OpaServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without one clause of the conjunction, the comparison above sees the difference."""
    folder = write_fleet(tmp_path_factory.mktemp("mutant") / "bundle", 3)
    path = folder / "ringfence/points/runner_start/runner_start.rego"
    broken = re.sub(r"\t\trun_timeout <= .* # runner.timeout\n", "", path.read_text(), count=1)
    path.write_text(broken)
    asked = request(run__timeout=99_999)
    with OpaServer(paths=[folder]) as mutant, mutant.session() as session:
        url = f"{mutant.url}/v1/data/ringfence/points/runner_start/hits"
        assert session.post(url, json={"input": asked}, timeout=30).json()["result"] == []
    assert _ask(server, [asked]) == [(1, 1)]
