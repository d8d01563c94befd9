"""Many requests at once on the real OPA, each under its own clock."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from ringfence.errors import OpaError
from ringfence.opa import OpaServer
from ringfence.opa.batch import BATCH, batch_module, evaluate_batch


@pytest.fixture
def server(bundle: Path) -> Iterator[OpaServer]:
    """Return an OPA with the policy and the batch module."""
    batch_module(bundle)
    with OpaServer(paths=[bundle]) as server:
        yield server


def test_more_requests_than_a_batch_come_back_in_order(server: OpaServer) -> None:
    """Decisions stand in the order of their requests, across batches."""
    count = 2 * BATCH + 7
    answers = evaluate_batch(server, [({"tenant": f"t{i}"}, i) for i in range(count)])
    assert [answer and answer["tenant"] for answer in answers] == [f"t{i}" for i in range(count)]


def test_each_request_has_its_own_clock_in_every_package(server: OpaServer) -> None:
    """The mocked clock is what a package far from the entry point reads, to the nanosecond."""
    clocks = [0, 1, 1_795_219_200_123_456_789, 2**62]
    answers = evaluate_batch(server, [({}, now) for now in clocks])
    assert [answer and answer["now"] for answer in answers] == clocks


def test_a_request_without_a_decision_is_none(server: OpaServer) -> None:
    """An undefined decision keeps its place and is no error."""
    answers = evaluate_batch(server, [({}, 1), ({"silent": True}, 1), ({}, 1)])
    assert [answer is None for answer in answers] == [False, True, False]


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63), 2**64, 10**40, 0.1, 1e-7])
def test_a_number_survives(server: OpaServer, number: float) -> None:
    """A number reaches OPA and comes back as it was, beyond 64 bits too."""
    (answer,) = evaluate_batch(server, [({"facts": {"n": number}}, 1)])
    assert answer is not None
    assert answer["facts"] == {"n": number}


@pytest.mark.parametrize(
    "request_",
    [orjson.Fragment(b'{"facts":{"n":1.10}}'), {"facts": {"n": orjson.Fragment(b"1.10")}}],
)
def test_exact_text_reaches_opa_unchanged(server: OpaServer, request_: object) -> None:
    """An input given as text, or holding text, is not read and written again."""
    (answer,) = evaluate_batch(server, [(request_, 1)])
    assert answer is not None
    assert answer["text"] == '{"n":1.10}'


@pytest.mark.parametrize("request_", [{"n": float("nan")}, {"n": float("inf")}, {"n": object()}])
def test_what_is_no_json_is_refused_by_its_index(server: OpaServer, request_: object) -> None:
    """A value that JSON lacks is an error, and is not sent as null."""
    with pytest.raises(OpaError, match="request 1 is no JSON"):
        evaluate_batch(server, [({}, 1), (request_, 1)])


def test_a_missing_answer_names_its_request(bundle: Path) -> None:
    """Without the batch module every request is missing, and the first is named across batches."""
    (bundle / "batch.rego").write_text(
        "package ringfence.batch\n\n"
        "decisions contains [case.i, {}] if {\n\tsome case in input.cases\n\tcase.i != 3\n}\n"
    )
    with OpaServer(paths=[bundle]) as server, pytest.raises(OpaError, match="first 3"):
        evaluate_batch(server, [({}, 1)] * 5)


def test_two_answers_to_one_request_are_refused(bundle: Path) -> None:
    """A batch with more answers than requests is an error."""
    (bundle / "batch.rego").write_text(
        "package ringfence.batch\n\n"
        "decisions contains [case.i, answer] if {\n"
        "\tsome case in input.cases\n\tsome answer in [{}, null]\n}\n"
    )
    with OpaServer(paths=[bundle]) as server, pytest.raises(OpaError, match="2 times"):
        evaluate_batch(server, [({}, 1)])


def test_an_opa_that_has_gone_is_an_opa_error(bundle: Path) -> None:
    """A server that does not answer is an OpaError, not an exception of the HTTP library."""
    batch_module(bundle)
    with OpaServer(paths=[bundle]) as server:
        session = server.session()
    with session, pytest.raises(OpaError, match="did not answer"):
        evaluate_batch(server, [({}, 1)], session=session)
