"""A bundle that lacks something is stricter, never milder, on the real OPA."""

import json
from typing import Any

import pytest
from tests.bench.fleet import fleet_files, request, tenant_name

from ringfence.opa.policies import PolicyServer

PARAMS = "ringfence/params/data.json"
TENANT = tenant_name(0)
FILES = fleet_files(1, own_share=1.0, own_rules=3)
NAMES = sorted(json.loads(FILES[PARAMS])["runner_start"][TENANT])
NOW = 1_795_219_200 * 10**9


def _own(**changes: object) -> dict[str, object]:
    return request(0, pipeline__id="shape-0-0", tags__pipeline="shape-0-0", **changes)


# Each is blocked by one rule, or by one of the tenant's own.
BLOCKED = [
    request(0, run__timeout=99_999),
    request(0, runner__network="on_premise"),
    request(0, usage__class_hours_month=10**9),
    request(0, secrets_inline=1),
    _own(run__estimate=9_999),
    _own(run__concurrency=9),
]


def _decide(files: dict[str, bytes], requests: list[dict[str, object]]) -> list[dict[str, Any]]:
    with PolicyServer(files) as server:
        found = server.decide([(one, NOW) for one in requests])
    return [one or {"allowed": False} for one in found]


def test_what_is_blocked_is_blocked_with_all_parameters() -> None:
    """The requests below are blocked by a complete bundle, and the unchanged one is not."""
    clean, *blocked = _decide(FILES, [request(0), *BLOCKED])
    assert clean["allowed"] is True
    assert [one["allowed"] for one in blocked] == [False] * len(BLOCKED)
    assert all(one["evaluated"] for one in blocked)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_parameter_nothing_more_is_allowed(name: str) -> None:
    """Each parameter is taken out in turn: what it decided is then told as undecided, not as fine."""
    params = json.loads(FILES[PARAMS])
    del params["runner_start"][TENANT][name]
    decisions = _decide({**FILES, PARAMS: json.dumps(params).encode()}, BLOCKED)
    assert [one["allowed"] for one in decisions] == [False] * len(BLOCKED)
