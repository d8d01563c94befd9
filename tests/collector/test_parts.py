"""Facts about the collector's parts that need no server: credentials, rates, revisions, drops."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collector.samples import logged

from ringfence.collector.credential import Credentials, digest_of, new_token
from ringfence.collector.gaps import drop_counters
from ringfence.collector.principal import Principal
from ringfence.collector.rate import ClientRates
from ringfence.collector.revisions import KnownRevisions
from ringfence.collector.upload import UploadError, inflate, read_upload
from ringfence.decision_log.event import LogEvent
from ringfence.evidence.decision import make_decision
from ringfence.evidence.error import EvidenceError

PEER = "spiffe://example.com/a"


def _principal(name: str, **changes: Any) -> Principal:
    given: dict[str, Any] = {
        "origin": "o",
        "tenants": frozenset({"t"}),
        "environment": "prod",
        "labels": {},
    }
    return Principal(name=name, **{**given, **changes})


def test_token_finds_its_principal_and_no_other() -> None:
    """A token is known by its digest; whatever else stands in the header is nobody's."""
    token, other = new_token(), new_token()
    known = Credentials([_principal("a", token=digest_of(token)), _principal("b", token=digest_of(other))])  # fmt: skip
    found = known.of_token(f"Bearer {token}")
    assert found is not None
    assert found.name == "a"
    for wrong in (token, f"Bearer {token}x", f"Bearer {digest_of(token)}", f"Bearer {token} ", ""):
        assert known.of_token(wrong) is None


def test_certificate_with_the_names_of_two_is_nobodys() -> None:
    """One name of one principal decides; kind and text must both fit."""
    known = Credentials(
        [_principal("a", certificate=("URI", PEER)), _principal("b", certificate=("DNS", "b.example"))]
    )  # fmt: skip
    both = (("URI", PEER), ("DNS", "b.example"))
    assert known.of_certificate({"subjectAltName": both[:1]}) is not None
    assert known.of_certificate({"subjectAltName": both}) is None
    assert known.of_certificate({"subjectAltName": (("DNS", PEER),)}) is None
    assert known.of_certificate({}) is None
    assert known.of_certificate(None) is None


def test_rate_allows_a_burst_and_then_so_many_a_second() -> None:
    """After the burst the wait is told in whole seconds; another client is not concerned."""
    rates = ClientRates(per_second=0.5, burst=2)
    assert [rates.wait("a", now=0.0) for _ in range(3)] == [0, 0, 2]
    assert rates.wait("b", now=0.0) == 0
    assert rates.wait("a", now=1.0) == 1
    assert [rates.wait("a", now=2.0) for _ in range(2)] == [0, 2]
    assert rates.wait("a", now=1.0) == 2  # a clock that steps back gives nothing


def test_revision_is_known_by_name_or_file(tmp_path: Path) -> None:
    """Every policy bundle of an event must be known; the live bundle only has a serial number."""
    file = tmp_path / "builds.json"
    file.write_text(json.dumps({"bundles": [{"revision": "b"}]}))
    known = KnownRevisions(known=["a"], files=[file])
    assert known.has({"x": "a", "y": "b", "live": "17"})
    for wrong in ({}, {"live": "17"}, {"x": "c"}, {"x": "a", "y": "c"}, {"x": "a", "live": "a"}):
        assert not known.has(wrong)
    file.write_text("half")
    assert known.has({"x": "b"})
    assert not known.has({"x": "cc"})
    file.write_text(json.dumps({"bundles": [{"revision": "cc"}]}))
    assert known.has({"x": "cc"})


def test_only_counters_of_losses_are_read() -> None:
    """Of a status update the drop counters count, where they are whole numbers above zero."""
    name = "counter_decision_logs_dropped_rate_limit_exceeded"
    assert drop_counters({"metrics": {"prometheus": {name: 3, "counter_x": 9}}}) == {
        name.removeprefix("counter_"): 3
    }
    for wrong in (True, -1, 0, 1.5, "3", None, 1 << 53):
        assert drop_counters({"metrics": {"prometheus": {name: wrong}}}) == {}
    shapes: list[dict[str, Any]] = [{}, {"metrics": 1}, {"metrics": {"prometheus": []}}]
    for shape in shapes:
        assert drop_counters(shape) == {}


def _take(body: bytes) -> int:
    """Return how many events a body holds, 0 where it is refused."""
    status = 200
    try:
        return len(read_upload(inflate(body, limit=4096), most=10))
    except UploadError as error:
        status = error.status
    assert 400 <= status < 500
    return 0


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_an_upload_or_a_4xx(data: bytes) -> None:
    """Whatever arrives, nothing but a refusal with a 4xx comes of it, zipped or not."""
    assert _take(data) == 0
    assert _take(gzip.compress(data)) in range(11)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_mutated_upload_is_an_upload_or_a_4xx(at: int, put: bytes) -> None:
    """An upload with some bytes replaced is one that can be read, or a 4xx."""
    good = json.dumps([logged()]).encode()
    place = at % len(good)
    assert _take(gzip.compress(good[:place] + put + good[place + len(put) :])) in (0, 1)


@pytest.mark.parametrize("number", ["1e400", "123456789012345678901234.5", "1E+2", "-0"])
def test_number_is_read_as_it_was_sent(number: str) -> None:
    """A number that no double holds survives the splitting of the array."""
    text = json.dumps([logged(extra="N"), logged(1)]).replace('"N"', number).encode()
    first, _ = read_upload(text, most=2)
    assert first.decision_id == logged()["decision_id"]
    text = json.dumps([logged(input={"facts": "N"})]).replace('"N"', number).encode()
    (event,) = read_upload(text, most=1)
    assert float(str(event.input["facts"])) == float(number)


def test_long_number_is_no_text() -> None:
    """A number that no double holds, which is kept by its literal, does not stand for a text."""

    def read(name: str) -> list[LogEvent]:
        text = json.dumps([{**logged(), name: "N"}]).replace('"N"', "18446744073709551617")
        return read_upload(text.encode(), most=9)

    for name in ("decision_id", "timestamp"):
        with pytest.raises(UploadError, match="RF980"):
            read(name)
    (event,) = read("path")
    assert event.path == ""


@pytest.mark.parametrize("name", ["tenant", "point", "trace_id"])
def test_long_number_is_no_text_of_a_record(name: str) -> None:
    """Neither does it for what a caller says of its request: the record has null there."""
    given = {**logged()["input"], name: "N"}
    text = json.dumps([logged(input=given)]).replace('"N"', "18446744073709551617")
    (event,) = read_upload(text.encode(), most=9)
    assert make_decision(event, allowed_facts=frozenset()).body[name] is None
    result = {**logged()["result"], "action": "N"}
    text = json.dumps([logged(result=result)]).replace('"N"', "18446744073709551617")
    (event,) = read_upload(text.encode(), most=9)
    with pytest.raises(EvidenceError, match="RF904"):
        make_decision(event, allowed_facts=frozenset())
