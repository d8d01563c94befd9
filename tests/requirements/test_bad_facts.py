"""Bad input at the decision: always a block with a reason, and OPA answers the next request."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import pytest
from tests.requirements.ask import DEPLOY, NOW, START, Ask, base, rules
from tests.requirements.documents import REPOSITORY

from ringfence.evaluate import bundle_files
from ringfence.ir.schema import MAX_STRING, Fact, Scalar
from ringfence.language.facts import all_points
from ringfence.opa.ask import OpaDecisions, decide_or_block
from ringfence.opa.policies import write_tree
from ringfence.opa.server import OpaServer
from ringfence.pipeline import compile_repository
from ringfence.testing.facts import nested

# The largest kind of number that OPA 1.22 takes: it refuses a request with a larger exponent.
HUGE, TINY = orjson.Fragment("1e5000"), orjson.Fragment("-1e5000")
POINTS = {name: all_points()[name] for name in (DEPLOY, START)}
REQUIRED = [(name, f.name) for name, point in POINTS.items() for f in point.facts if f.required]
GIVEN = [
    (name, fact)
    for name, point in POINTS.items()
    for fact in point.facts
    if fact.name in base(name)
]


def _raw(ask: Ask, point: str, facts: object, **members: object) -> Mapping[str, object]:
    request = {"point": point, "tenant": "acme", "facts": facts, "approvals": [], **members}
    attestations = ask.attest(base(point))
    return ask.raw({"attestations": attestations, **request})


def _wrong(fact: Fact) -> list[object]:
    """List values that are none of this fact's type."""
    common: list[object] = [None, {}, {"a": 1}, [None]]
    if fact.type.is_records:
        return [None, {}, "", 0, True, ["text"], [1], [{}], [None], [[]]]
    if fact.type.scalar.is_number:
        return [*common, "5", "", True, [], -1, 1.5, 10**16, HUGE, TINY, orjson.Fragment("-0")]
    if fact.type.scalar is Scalar.BOOLEAN:
        return [*common, "true", "", 0, 1, []]
    if fact.type.scalar is Scalar.ENUM:
        return [*common, "", "Container", "no-such-value", 0, True, [], HUGE]
    return [*common, "", 0, True, [], HUGE, "x" * (MAX_STRING + 1), "🦀" * (MAX_STRING + 1)]


def _stands(ask: Ask) -> None:
    assert ask(START)["action"] == "allow"


@pytest.mark.parametrize(("point", "name"), REQUIRED)
def test_a_missing_always_present_fact_blocks(ask: Ask, point: str, name: str) -> None:
    """Without a fact that is always due the request is not evaluated, and the reason names the fact."""
    decision = ask(point, unset=[name], attestations=[])
    assert (decision["action"], decision["allowed"]) == ("block", False)
    assert decision["evaluated"] is False
    assert decision["unknown"] == [name]
    assert rules(decision) == {"facts.required"}
    assert name in decision["reasons"][0]["message"]


@pytest.mark.parametrize(("point", "fact"), GIVEN, ids=lambda one: getattr(one, "name", one))
def test_a_mistyped_fact_is_never_more_than_a_missing_one(ask: Ask, point: str, fact: Fact) -> None:
    """Null, another type, negative, fractional or huge: the decision is that on the missing fact."""
    missing = ask(point, unset=[fact.name], attestations=ask.attest(base(point)))
    assert missing["action"] != "allow"
    assert missing["reasons"]
    for value in _wrong(fact):
        decision = _raw(ask, point, nested(base(point, {fact.name: value})))
        assert decision["action"] == missing["action"], value
        assert decision["unknown"] == missing["unknown"], value
        assert decision["reasons"], value
    _stands(ask)


@pytest.mark.parametrize("value", [HUGE, TINY, -1, 1.5, 10**16])
@pytest.mark.parametrize("field", ["dns_checked_at", "host", "private_available"])
def test_a_wrong_field_of_a_record_blocks(ask: Ask, field: str, value: object) -> None:
    """A number that is no time, text or boolean inside a list blocks, and takes nothing down."""
    endpoint = {"host": "a", "private_available": True, "dns_validated": True, field: value}
    decision = ask(START, {"runner.network": "privatelink", "endpoints": [endpoint]})
    assert decision["action"] == "block"
    assert decision["reasons"]
    _stands(ask)


@pytest.mark.parametrize("text", ["x" * MAX_STRING, "🦀" * MAX_STRING])
def test_a_text_may_have_as_many_characters_as_its_schema_says(ask: Ask, text: str) -> None:
    """Characters are counted, not bytes, and each text alone: several long ones fit one request."""
    facts = {"pipeline.id": text, "tags.pipeline": text, "workload.id": text, "request.by": text}
    assert ask(START, facts)["action"] == "allow"


@pytest.mark.parametrize("field", ["repository", "digest"])
def test_a_longer_text_in_a_record_blocks(ask: Ask, field: str) -> None:
    """A field of a record with one character more than a text may have is no text."""
    image = {"repository": "registry.internal/a", "digest": "sha256:1"}
    long = {**image, field: image[field] + "x" * (MAX_STRING + 1 - len(image[field]))}
    assert ask(START, {"images": [long]})["action"] == "block"


@pytest.mark.parametrize("facts", [None, {}, [], "text", 0, True, HUGE, {"runner": None}])
def test_facts_of_no_shape_block(ask: Ask, facts: object) -> None:
    """Facts that are null, empty, or no object are not evaluated."""
    for point in POINTS:
        decision = _raw(ask, point, facts)
        assert (decision["action"], decision["evaluated"]) == ("block", False)
        assert decision["reasons"]
    _stands(ask)


@pytest.mark.parametrize("point", [None, "", "runner", "runner.deploy ", 7, [], {}, HUGE])
def test_an_unknown_decision_point_blocks(ask: Ask, point: object) -> None:
    """A point that the bundle does not know is answered with a reason that says so."""
    decision = ask.raw({"point": point, "tenant": "acme", "facts": nested(base(START))})
    assert (decision["action"], decision["evaluated"]) == ("block", False)
    assert rules(decision) == {"point.unknown"}
    _stands(ask)


@pytest.mark.parametrize("tenant", [None, "", "nobody", "ACME", "*", 7, [], {}, HUGE])
def test_an_unknown_tenant_blocks(ask: Ask, tenant: object) -> None:
    """A tenant that the bundle does not know is answered with a reason that says so."""
    for point in POINTS:
        decision = _raw(ask, point, nested(base(point)), tenant=tenant)
        assert (decision["action"], decision["evaluated"]) == ("block", False)
        assert rules(decision) == {"tenant.unknown"}
    _stands(ask)


def test_a_request_without_a_tenant_blocks_as_one_with_an_unknown_one(ask: Ask) -> None:
    """The reason says what is wrong, whether the facts are whole or empty."""
    for point in POINTS:
        for facts in (nested(base(point)), {}):
            decision = ask.raw({"point": point, "facts": facts})
            assert (decision["action"], rules(decision)) == ("block", {"tenant.unknown"})


def test_a_class_without_a_default_size_brings_no_obligation_to_set_one(ask: Ask) -> None:
    """A class that the matrix lacks is blocked, and no placeholder is told as its size."""
    facts = {"runner.class": "managed_etl", "tags.class": "managed_etl", "workload.is_new": True}
    decision = ask(START, facts, unset=["runner.size", "tags.size"])
    assert "runner.matrix" in rules(decision)
    assert all("set" not in obligation for obligation in decision["obligations"])


def test_a_tenant_that_nothing_governs_is_blocked(ask: Ask) -> None:
    """A known tenant without a policy at the point is not allowed because nothing matched."""
    for point in POINTS:
        decision = ask(point, {"tags.tenant": "initech"}, tenant="initech", attestations=[])
        assert (decision["action"], decision["evaluated"]) == ("block", False)
        assert rules(decision) == {"tenant.not-governed"}


@pytest.mark.parametrize("request_", [{}, {"point": START}, [], None, "text", 7, True])
def test_a_request_of_no_shape_blocks(ask: Ask, request_: object) -> None:
    """What is no request is blocked too, with a reason."""
    decision = ask.raw(request_)
    assert (decision["action"], decision["evaluated"]) == ("block", False)
    assert decision["reasons"]
    _stands(ask)


@pytest.mark.parametrize("tokens", [None, {}, "text", 7, [None], [{}], [7], ["x" * 9000], HUGE])
def test_tokens_of_no_shape_count_for_nothing(ask: Ask, tokens: object) -> None:
    """Approvals and attestations that are no list of tokens lift nothing and stop nothing."""
    xlarge = nested(base(DEPLOY, {"runner.size": "xlarge"}))
    decision = _raw(ask, DEPLOY, xlarge, approvals=tokens)
    assert (decision["action"], decision["approvals"]) == ("human_review", [])
    scanned = _raw(ask, DEPLOY, nested(base(DEPLOY)), attestations=tokens)
    assert scanned["action"] == "block"
    _stands(ask)


def test_facts_that_no_schema_knows_change_nothing(ask: Ask) -> None:
    """An undeclared fact is recorded and masked, and does not block."""
    known = {**nested(base(START)), "undeclared": {"x": 1}}
    assert _raw(ask, START, known)["action"] == "allow"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaServer]:
    """Serve the repository as a caller meets it: one request at a time, no batch, OPA's own clock."""
    files = bundle_files(
        compile_repository(REPOSITORY, now=NOW), release="runtime", environment="prod"
    )
    folder = tmp_path_factory.mktemp("bundle")
    write_tree(folder, {path: data for path, data in files.items() if not path.startswith(".")})
    with OpaServer(paths=[Path(folder)]) as running:
        yield running


@pytest.mark.parametrize("number", ["1e10000000", "-1e10000000", "1e-10000000", "1" + "0" * 5000])
def test_a_number_beyond_all_bounds_gets_no_decision_or_a_block(
    server: OpaServer, number: str
) -> None:
    """OPA refuses such a request or blocks it; it does not fall, and answers the next one."""
    facts = nested(base(START, {"run.concurrency": orjson.Fragment(number)}))
    url = f"{server.url}/v1/data/ringfence/main/decision"
    with server.session() as session:
        for body in (facts, nested(base(START))):
            request = {"input": {"point": START, "tenant": "acme", "facts": body}}
            answer = session.post(url, data=orjson.dumps(request), timeout=30)
            decision = answer.json().get("result", {"allowed": False})
            assert decision["allowed"] is (body is not facts)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_none_is_blocked_by_the_client(server: OpaServer, number: float) -> None:
    """What JSON cannot say is no decision, which the client takes for a block; the next one is answered."""
    with OpaDecisions(unix=server.socket_path) as client:
        facts = nested(base(START, {"run.concurrency": number}))
        decision = decide_or_block(client, {"point": START, "tenant": "acme", "facts": facts})
        assert (decision["action"], decision["allowed"]) == ("block", False)
        assert decision["reasons"][0]["message"]
        good = {"point": START, "tenant": "acme", "facts": nested(base(START))}
        assert client.decide(good)["allowed"] is True
