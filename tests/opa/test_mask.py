"""What the decision log of a real OPA holds, whatever a caller sends."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.ir.schema import DecisionPoint, Fact, FactType, Scalar
from ringfence.opa import OpaServer, find_opa
from ringfence.opa.lockdown import mask_module

from .conftest import DECISION

RECORDS = FactType(fields=(Fact(name="repository"), Fact(name="digest")))
POINT = DecisionPoint(
    name="runner.start",
    description="A test.",
    governed_by=frozenset(),
    facts=(
        Fact(name="runner.class"),
        Fact(name="runner.size", type=FactType(scalar=Scalar.INTEGER)),
        Fact(name="runner.token", secret=True),
        Fact(name="images", type=RECORDS),
        Fact(name="zones", type=FactType(many=True)),
        Fact(name="note"),
    ),
)
BARE = DecisionPoint(
    name="bare.point",
    description="Without lists.",
    governed_by=frozenset(),
    facts=(Fact(name="note"),),
)
CLEAN = {
    "runner": {"class": "small", "size": 4},
    "images": [{"repository": "a/b", "digest": "sha256:0"}],
    "zones": ["north", "south"],
    "note": "hello",
}
REQUEST = {"point": "runner.start", "tenant": "acme", "trace_id": "t-1"}
LEAK = "hunter2"


class Log:
    """The console decision log of an OPA that masks."""

    def __init__(self, server: OpaServer) -> None:
        self._server = server
        self._session = server.session()
        self._seen = 0

    def ask(self, request: object) -> dict[str, Any]:
        """Ask for a decision on an input and return the event that was logged."""
        return self.send(json.dumps({"input": request}))

    def send(self, text: str) -> dict[str, Any]:
        """Send a body, which must be answered, and return the event that was logged."""
        answer = self._session.post(self._server.url + DECISION, data=text, timeout=30)
        assert answer.status_code == 200, answer.text
        self._seen += 1
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            lines = self._server.errors().splitlines()
            assert not any("masking failed" in line for line in lines), lines[-1]
            events = [json.loads(line) for line in lines if '"decision_id"' in line]
            if len(events) == self._seen:
                event: dict[str, Any] = events[-1]
                return event
        raise AssertionError("the event was lost")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Return the log of one OPA for all tests of the module."""
    folder = tmp_path_factory.mktemp("mask")
    policy = folder / "policy"
    policy.mkdir()
    (policy / "main.rego").write_text('package ringfence.main\n\ndecision := {"allowed": false}\n')
    (policy / "mask.rego").write_text(mask_module([POINT]))
    config = folder / "opa.json"
    logs = {"console": True, "mask_decision": "/system/log/mask"}
    config.write_text(json.dumps({"decision_logs": logs}))
    with OpaServer(paths=[policy], config=config, arguments=["--log-level=error"]) as server:
        log = Log(server)
        yield log
        log.close()


def test_a_request_that_the_schema_knows_is_logged_whole(log: Log) -> None:
    """What the schema declares is logged as it was sent, and nothing is called masked."""
    event = log.ask({**REQUEST, "facts": CLEAN})
    assert event["input"] == {**REQUEST, "facts": CLEAN}
    assert "erased" not in event
    assert "masked" not in event


def test_tokens_are_left_out(log: Log) -> None:
    """Approvals and attestations never reach the log, and the log says that they were there."""
    event = log.ask({**REQUEST, "facts": CLEAN, "approvals": [LEAK], "attestations": [LEAK]})
    assert event["input"] == {**REQUEST, "facts": CLEAN}
    assert sorted(event["erased"]) == ["/input/approvals", "/input/attestations"]
    assert "masked" not in event


def test_a_secret_fact_is_left_out(log: Log) -> None:
    """A fact that the schema calls secret is erased, and its neighbours stay."""
    facts = {**CLEAN, "runner": {"class": "small", "token": LEAK}}
    event = log.ask({**REQUEST, "facts": facts})
    assert event["input"]["facts"] == {**CLEAN, "runner": {"class": "small"}}


@pytest.mark.parametrize(
    "name", ["x", "", "a b", "a/b", "%", "100%", "~", "~1", 'a"b', "é", "../..", "\x1b[31m", "0"]
)
def test_an_undeclared_fact_is_left_out_whatever_its_name(log: Log, name: str) -> None:
    """No key can hide its value from the mask, or make the log lose the event."""
    event = log.ask({**REQUEST, "facts": {**CLEAN, name: LEAK}})
    assert event["input"] == {**REQUEST, "facts": CLEAN}
    assert event["masked"] == ["/input/facts"]


@pytest.mark.parametrize("name", ["x", "", "a b", "a/b", "%", "é"])
def test_an_undeclared_member_of_the_request_is_left_out(log: Log, name: str) -> None:
    """Beside the facts only point, tenant and trace id are logged."""
    secret = {"runner": {"class": "small", "token": LEAK}, "x": LEAK}
    event = log.ask({**REQUEST, "facts": secret, "approvals": [LEAK], name: LEAK})
    assert event["input"] == {**REQUEST, "facts": {"runner": {"class": "small"}}}


@pytest.mark.parametrize(
    ("facts", "logged"),
    [
        ({"runner": {"class": "s", "env": LEAK}}, {"runner": {"class": "s"}}),
        ({"runner": {"class": {"env": LEAK}, "size": 1}}, {"runner": {"size": 1}}),
        ({"runner": {"class": [LEAK]}, "note": "n"}, {"note": "n"}),
        ({"runner": LEAK, "note": "n"}, {"note": "n"}),
        ({"runner": [LEAK], "note": "n"}, {"note": "n"}),
        ({"images": [{"repository": "r", "env": LEAK}], "note": "n"}, {"note": "n"}),
        ({"images": [{"repository": {"x": LEAK}}], "note": "n"}, {"note": "n"}),
        ({"images": [[LEAK]], "note": "n"}, {"note": "n"}),
        ({"images": {"x": LEAK}, "note": "n"}, {"note": "n"}),
        ({"zones": ["north", {"x": LEAK}], "note": "n"}, {"note": "n"}),
        ({"zones": [[LEAK]]}, {}),
    ],
)
def test_undeclared_content_below_a_declared_fact_is_left_out(
    log: Log, facts: object, logged: object
) -> None:
    """An object or a list that the schema does not describe is left out with what it holds."""
    event = log.ask({**REQUEST, "facts": facts})
    assert LEAK not in json.dumps(event)
    assert event["input"] == {**REQUEST, "facts": logged}


@pytest.mark.parametrize("facts", [LEAK, None, False, 7, [LEAK], []])
def test_facts_that_are_no_object_are_left_out(log: Log, facts: object) -> None:
    """Facts of a wrong type are erased as a whole, and the event is kept."""
    event = log.ask({**REQUEST, "facts": facts})
    assert event["input"] == REQUEST
    assert event["erased"] == ["/input/facts"]


@pytest.mark.parametrize("point", ["runner.deploy", "", None, 7, {"x": LEAK}])
def test_facts_at_an_unknown_point_are_left_out(log: Log, point: object) -> None:
    """Nothing is known of a fact at a point that the bundle does not hold."""
    event = log.ask({**REQUEST, "facts": {**CLEAN, "x": LEAK}, "point": point})
    assert event["input"].get("facts", {}) == {}
    assert LEAK not in json.dumps(event)


def test_missing_facts_lose_no_event(log: Log) -> None:
    """A request without facts is logged as it is."""
    assert log.ask(REQUEST)["input"] == REQUEST


@pytest.mark.parametrize("request_", [LEAK, [LEAK], None, 7, True])
def test_an_input_that_is_no_object_is_left_out(log: Log, request_: object) -> None:
    """An input of a wrong type is erased, and the event is kept."""
    event = log.ask(request_)
    assert "input" not in event
    assert LEAK not in json.dumps(event)


def test_a_request_without_input_loses_no_event(log: Log) -> None:
    """A request without any input is logged."""
    assert "input" not in log.send("{}")


@pytest.mark.parametrize("member", ["point", "tenant", "trace_id"])
def test_a_member_of_a_wrong_type_is_left_out(log: Log, member: str) -> None:
    """Point, tenant and trace id are logged as strings only."""
    event = log.ask({**REQUEST, "facts": CLEAN, member: {"x": LEAK}})
    assert LEAK not in json.dumps(event)
    assert member not in event["input"]


def test_ten_thousand_undeclared_facts_lose_no_event(log: Log) -> None:
    """The mask replaces the facts once, however many keys there are."""
    many = {f"k{i} %": LEAK for i in range(10_000)}
    event = log.ask({**REQUEST, "facts": {**CLEAN, **many}})
    assert event["input"] == {**REQUEST, "facts": CLEAN}


@pytest.mark.parametrize("number", ["1e900", "-0.0", "1E+2", "123456789012345678901234567890"])
def test_an_odd_number_loses_no_event(log: Log, number: str) -> None:
    """The mask compares no value of a caller, so no number can stop it."""
    facts = f'{{"runner": {{"size": {number}}}, "x y": {number}, "%": "{LEAK}"}}'
    event = log.send(f'{{"input": {{"point": "runner.start", "facts": {facts}}}}}')
    assert LEAK not in json.dumps(event)
    assert list(event["input"]["facts"]) == ["runner"]


@pytest.mark.parametrize("points", [[POINT], [BARE], [BARE, POINT], []])
def test_the_mask_is_canonical_and_strict(tmp_path: Path, points: list[DecisionPoint]) -> None:
    """The written module is what `opa fmt` would write, and `opa check --strict` takes it."""
    module = tmp_path / "mask.rego"
    module.write_text(mask_module(points))
    for command in (["fmt", "--fail"], ["check", "--strict"]):
        subprocess.run([find_opa(), *command, module], check=True, capture_output=True)
