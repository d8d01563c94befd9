"""Facts about odd deliveries: again, in another order, after a lost answer, and with hostile JSON (groups 20, 22, 25)."""

import gzip
import json
import random
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.bench.mutations import mutated
from tests.collector.harness import (
    Collector,
    Place,
    collecting,
    get,
    make_place,
    policy_site,
    sidecar_config,
    upload,
    zipped,
)
from tests.collector.inprocess import InProcess, in_process
from tests.collector.samples import REVISION, asked_for, logged
from tests.pipeline.serving import request_to_start, wait_for

from ringfence.cli.evidence import command as evidence
from ringfence.evidence.records import RecordKind
from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a new ledger, whose principal may upload often."""
    made = make_place(tmp_path / "place", revisions=[REVISION])
    made.config["ledgers"][0]["facts"] = ["runner.class", "run.number"]
    made.write(limits={"requests_per_second": 10_000, "burst": 100_000})
    return made


@pytest.fixture
def running(place: Place) -> Iterator[InProcess]:
    """Return the collector's application on that ledger."""
    with in_process(place) as one:
        yield one


def test_another_order_is_no_other_content(place: Place) -> None:
    """The same events backwards, in other batches and with other spacing are duplicates, not conflicts."""
    events = [logged(n) for n in range(6)]
    with in_process(place) as running:
        assert running.post("/logs", zipped(events)).json()["added"] == 6
        for some in (events[::-1], events[2:4] + events[:1], [events[5]] * 3):
            said = running.post("/logs", zipped(some)).json()
            assert (said["added"], said["duplicates"], said["conflicts"]) == (0, len(some), 0)
        spaced = json.dumps(events, indent=3, sort_keys=True).encode()
        assert running.post("/logs", gzip.compress(spaced)).json()["duplicates"] == 6
    assert place.ids() == [one["decision_id"] for one in events]
    assert place.records(RecordKind.CONFLICT) == []


def test_a_date_far_from_the_arrival_is_kept_and_told(place: Place) -> None:
    """Dated back by two days or ahead by an hour: the record stands, and a gap record says by how much."""
    clock = datetime.now(UTC)
    dates = [clock - timedelta(days=2), clock + timedelta(hours=1), clock - timedelta(hours=23)]
    events = [logged(n, timestamp=one.isoformat()) for n, one in enumerate(dates)]
    foreign = logged(7, timestamp="2001-01-01T00:00:00Z", input=asked_for("other"))
    with in_process(place) as running:
        said = running.post("/logs", zipped([*events, foreign])).json()
        assert (said["added"], said["refused"]) == (3, 1)
        assert [one["code"] for one in running.findings] == ["RF981", "RF989"]
    assert place.ids() == [one["decision_id"] for one in events]
    refused, late = (one.body for one in place.records(RecordKind.GAP))
    assert refused["cause"] == "refused"
    assert (late["cause"], late["events"]) == ("untimely", 2)
    assert late["decision_ids"] == [one["decision_id"] for one in events[:2]]
    ages = late["age"]["least"], late["age"]["greatest"]
    assert [round(age / 60) for age in ages] == [-60, 2 * 24 * 60]
    assert abs(late["arrived"] - clock.timestamp()) < 60


def test_an_untimely_decision_is_shown_as_one(place: Place) -> None:
    """`evidence inspect` says of it that its date is far from its arrival, and not that it is missing."""
    late = logged(1, timestamp="2001-01-01T00:00:00Z")
    with in_process(place) as running:
        running.post("/logs", zipped([late]))
    place.records()
    key = place.folder / "log.vkey"
    key.write_text(json.loads((place.ledger / "ledger.json").read_text())["vkey"])
    arguments = ["inspect", str(place.ledger), late["decision_id"], "--key", str(key)]
    done = CliRunner().invoke(evidence, arguments)
    assert done.exit_code == 0, done.output
    assert "dated far from its arrival" in done.stdout
    assert "something is missing" not in done.stdout


class Losing:
    """A proxy that lets the collector answer, and then loses the first answers in this way."""

    def __init__(self, target: str, *, ways: list[str], path: str = "/logs") -> None:
        self._target, self._ways, self.lost = target.rpartition("/")[2], list(ways), 0
        self._head = f"POST {path} ".encode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        self._socket.shutdown(socket.SHUT_RDWR)  # else `accept` goes on waiting
        self._socket.close()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                self._one(client)

    def _one(self, client: socket.socket) -> None:
        request = _message(client)
        if request is None:
            return
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:")]
        host, _, port = self._target.partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            answer = b"".join(iter(lambda: server.recv(65536), b""))
        committed = head.startswith(self._head) and answer.startswith(b"HTTP/1.1 200")
        way = self._ways.pop(0) if committed and self._ways else ""
        self.lost += bool(way)
        if way == "cut":
            return
        if way == "500":
            answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        client.sendall(answer)


def _message(client: socket.socket) -> bytes | None:
    """Read one request with its body, by `Content-Length` or in chunks."""
    client.settimeout(30)
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    said = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    length = int(said.get(b"content-length", b"0"))
    chunked = said.get(b"transfer-encoding") == b"chunked"
    while len(body) < length or (chunked and not body.endswith(b"0\r\n\r\n")):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def test_an_answer_that_is_lost_after_the_commit_costs_nothing(tmp_path: Path) -> None:
    """Where a 500 or a cut connection takes the place of a 200, a real OPA sends again: each stands once."""
    (tmp_path / "policy").mkdir()
    with policy_site(tmp_path / "policy") as (_, config, revisions):
        place = make_place(tmp_path / "place", revisions=revisions, labels={"bundle": "runtime"})
        with collecting(place) as running:
            losing = Losing(running.url, ways=["500", "cut", "500"])
            sidecar = sidecar_config(
                config, url=losing.url, token=place.token, out=place.folder / "opa.yaml"
            )
            with OpaServer(config=sidecar, arguments=SERVER_FLAGS) as opa, opa.session() as session:
                ask = f"{opa.url}/v1/data/ringfence/main/decision"
                asked = [
                    session.post(ask, json={"input": request_to_start()}, timeout=30).json()
                    for _ in range(30)
                ]
                wait_for(
                    lambda: (
                        losing.lost == 3
                        and _events(running, "added") == 30
                        and _events(running, "duplicate") >= 3
                    )
                )
            losing.close()
    assert sorted(place.ids()) == sorted(one["decision_id"] for one in asked)
    assert place.records(RecordKind.CONFLICT) == []


def _events(running: Collector, outcome: str) -> int:
    lines = get(f"{running.url}/metrics").text.splitlines()
    found = [one for one in lines if f'outcome="{outcome}' in one and "events_total" in one]
    return sum(int(float(one.split()[-1])) for one in found)


def test_a_client_that_goes_away_loses_nothing_that_was_sent(tmp_path: Path) -> None:
    """A client that closes after its last byte, before any answer, has been heard or may send again."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    with collecting(place) as running:
        host, _, port = running.url.rpartition("/")[2].partition(":")
        body = zipped([logged(n) for n in range(9)])
        head = (
            f"POST /logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {place.token}\r\n"
            f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + body)
        said = upload(running.url, place.token, body).json()
        assert said["added"] + said["duplicates"] == 9
    assert place.ids() == [logged(n)["decision_id"] for n in range(9)]


REQUESTS = (
    b"", b"\r\n\r\n", b"\0" * 400, b"GET", b"POST /logs\r\n\r\n", b"POST /logs HTTP/9.9\r\n\r\n",
    b"POST /logs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /logs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /logs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /logs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /logs HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n",
    b"POST /logs HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    b"POST /logs HTTP/1.1\r\nHost: x\r\nAuthorization: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    b"POST /%00%ff%2e%2e/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"POST //logs?x=\xff HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200,
)  # fmt: skip


def _said(url: str, request: bytes) -> bytes:
    """Send raw bytes and close our side; return all that comes back."""
    host, _, port = url.rpartition("/")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))
        except ConnectionError:
            return b""


def test_what_is_no_http_request_is_a_4xx_or_nothing(tmp_path: Path) -> None:
    """Torn, doubled and endless headers, and other protocols: no 5xx, no trace on stderr, and it goes on."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    good = (
        f"POST /logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {place.token}\r\n"
        "Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n123456789"
    ).encode()
    rng = random.Random(7)
    altered = [mutated(good, rng=rng) for _ in range(150)]
    with collecting(place) as running:
        answers = [_said(running.url, one) for one in (*REQUESTS, *altered)]
        assert {one.split()[1] for one in answers if one} <= {
            b"200",
            b"400",
            b"401",
            b"404",
            b"405",
            b"415",
            b"431",
        }
        assert sum(one.startswith(b"HTTP/1.1 4") for one in answers) > 50
        assert len(running.said().splitlines()) == len(running.findings())
        assert place.token not in running.said()
        assert upload(running.url, place.token, zipped([logged()])).json()["added"] == 1
    assert place.ids() == [logged()["decision_id"]]


NUMBERS = {
    "9007199254740991": 9007199254740991,
    "9007199254740993": {"number": "9007199254740993"},
    "1e400": {"number": "1e400"},
    "-1E-400": {"number": "-1E-400"},
    "123456789012345678901234.5678901234567890": {
        "number": "123456789012345678901234.5678901234567890"
    },
    "0.1": 0.1,
    "1e2": 100,
}


@pytest.mark.parametrize("literal", NUMBERS)
def test_a_number_stands_as_it_was_logged(place: Place, literal: str) -> None:
    """What no double holds is kept as its literal, and never rounded; other numbers stay numbers."""
    facts = {"runner": {"class": "container"}, "run": {"number": 0}}
    event = logged(1, input={"facts": facts, "point": "runner.start", "tenant": "example"})
    text = json.dumps([event]).replace('"number": 0', f'"number": {literal}')
    with in_process(place) as running:
        assert running.post("/logs", gzip.compress(text.encode())).json()["added"] == 1
    (record,) = place.records()
    assert record.body["facts"]["run.number"] == NUMBERS[literal]


def test_an_event_over_64_kib_is_cut_where_it_may_be_or_refused(place: Place) -> None:
    """Long lists lose entries, which are counted, and no record is over 65,535 bytes."""
    reasons = [dict(logged()["result"]["reasons"][0], rule=f"r-{n}", source="s" * 200) for n in range(2000)]  # fmt: skip
    long = logged(1, result={**logged()["result"], "reasons": reasons})
    with in_process(place) as running:
        assert running.post("/logs", zipped([long, logged(2)])).json()["added"] == 2
    first, second = place.records()
    assert len(first.data) <= 65_535
    assert first.body["omitted"]["reasons"] + len(first.body["reasons"]) == 2000
    assert "omitted" not in second.body


HOSTILE: dict[str, Any] = {
    "a deep fact": {"runner": {"class": json.loads("[" * 50 + "]" * 50)}},
    "a fact of 70,000 bytes": {"runner": {"class": "x" * 70_000}},
    "20,000 facts": {f"f{n}": n for n in range(20_000)},
    "names that look like others": {"runner.class": "x", "__proto__": 1, "": 2, "runner": {"": 3}},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_event_makes_a_sound_record(place: Place, what: str) -> None:
    """Whatever stands in the facts, the record is small, canonical and of known members."""
    asked = {"facts": HOSTILE[what], "point": "runner.start", "tenant": "example"}
    with in_process(place) as running:
        answer = running.post("/logs", zipped([logged(1, input=asked)]))
        assert (answer.status, answer.json()["added"]) == (200, 1)
    (record,) = place.records()
    assert len(record.data) <= 65_535
    assert len(record.body["withheld"]) <= 200
