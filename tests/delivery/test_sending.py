"""Facts about the sender: what it sends again, when it gives up, and which answers it believes."""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from tests.delivery.samples import signed_run

from ringfence.collector.credential import new_token
from ringfence.delivery.destination import Destination
from ringfence.delivery.sending import Outcome, Sender
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.posting import Tls

TOKEN = new_token()


@dataclass
class Peer:
    """Answers requests as it was told, one after the other; with nothing told it takes all."""

    answers: list[Any] = field(default_factory=list)
    bodies: list[list[bytes]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        """Return status, headers and body, or None to cut the connection."""
        lines = gzip.decompress(body).splitlines()
        self.bodies.append(lines)
        told = self.answers.pop(0) if self.answers else 200
        if told is None:
            return None
        if isinstance(told, tuple):
            status, headers, content = told
            return status, headers, content
        counts = {"added": len(lines), "duplicates": 0, "refused": 0, "findings": []}
        return told, {}, json.dumps(counts).encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, peer: Peer, *arguments: Any, **named: Any) -> None:
        self._peer = peer
        super().__init__(*arguments, **named)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._peer.tokens.add(str(self.headers["Authorization"]))
        told = self._peer.answer(body) if self.path == "/records" else (404, {}, b"")
        if told is None:
            self.connection.close()
            return
        status, headers, content = told
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Serve a peer on a free loopback port."""
    made = Peer()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Time:
    """A clock that only waiting moves."""

    now: float = 0.0
    waited: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        """Let some pass."""
        self.waited.append(seconds)
        self.now += seconds


def _sender(url: str, *, time: Time, deadline: float = 60.0, **more: Any) -> Sender:
    to = Destination(url=url, token=TOKEN)
    return Sender(to=to, deadline=deadline, clock=lambda: time.now, wait=time.wait, **more)


def _refused(sender: Sender, count: int = 1) -> str:
    with pytest.raises(EvidenceError) as caught:
        sender.send(signed_run(number) for number in range(count))
    assert caught.value.code == "RF907"
    assert TOKEN not in str(caught.value)
    return caught.value.message


def test_records_go_out_in_bounded_batches(peer: Peer) -> None:
    """At most 256 records a request, in order, with the token; each batch is told of."""
    runs = [signed_run(number) for number in range(600)]
    told: list[int] = []

    def progress(done: Outcome) -> None:
        told.append(done.answered)

    done = _sender(peer.url, time=Time(), progress=progress).send(iter(runs))
    assert (done.added, done.duplicates, done.refused) == (600, 0, [])
    assert [len(one) for one in peer.bodies] == [256, 256, 88]
    assert [line for body in peer.bodies for line in body] == [one.data for one in runs]
    assert told == [256, 512, 600]
    assert peer.tokens == {f"Bearer {TOKEN}"}


def test_a_busy_collector_is_asked_again_when_it_says(peer: Peer) -> None:
    """After 429, 503 and a cut connection the same bytes go out again, no sooner than `Retry-After`."""
    time = Time()
    peer.answers = [(429, {"Retry-After": "7"}, b"{}"), 503, None, (503, {"Retry-After": "x"}, b"")]
    assert _sender(peer.url, time=time).send([signed_run()]).added == 1
    assert peer.bodies == [[signed_run().data]] * 5
    assert time.waited == [7.0, 1.0, 2.0, 4.0]


def test_no_proxy_sees_what_goes_over_plain_http(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment names a proxy, a token that goes without TLS still goes to the collector alone."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    assert _sender(peer.url, time=Time(), deadline=3.0).send([signed_run()]).added == 1


def test_it_gives_up_at_the_deadline(peer: Peer) -> None:
    """It never waits beyond the deadline, and says what was taken before."""
    time = Time()
    peer.answers = [200, *[503] * 100]
    said = _refused(_sender(peer.url, time=time, deadline=20.0), count=300)
    assert "until the deadline; 256 records were answered for before" in said
    assert time.now < 20.0


def test_nobody_there_is_said_so() -> None:
    """Where nothing listens, the error names no address."""
    said = _refused(_sender("http://127.0.0.1:9", time=Time(), deadline=3.0))
    assert said.startswith(
        "the collector could not be reached (ConnectionError) until the deadline"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((401, {}, b'{"code":"RF984","message":"no credential"}'), "401: RF984 no credential"),
        ((403, {}, b'{"code":"RF905","message":"none"}'), "403: RF905 none"),
        ((404, {}, b"<html>"), "answered with status 404"),
        ((302, {"Location": "http://127.0.0.1:9/records"}, b""), "answered with status 302"),
        ((413, {}, b"{}"), "answered with status 413"),
        ((200, {}, b"ok"), "not one to these records"),
        ((200, {}, b"[]"), "not one to these records"),
        ((200, {}, b"x" * (2 << 20)), "could not be reached (TooLong)"),
        ((200, {}, b'{"added":2,"duplicates":0,"refused":0,"findings":[]}'), "not one to these"),
        ((200, {}, b'{"added":0,"duplicates":0,"refused":1,"findings":[]}'), "not one to these"),
        ((200, {}, b'{"added":true,"duplicates":0,"refused":0,"findings":[]}'), "not one to these"),
        (
            (200, {}, b'{"added":0,"duplicates":0,"refused":1,"findings":'
             b'[{"line":2,"code":"RF990","message":""}]}'),
            "not one to these records",
        ),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_believed_by_nobody(peer: Peer, answer: Any, expected: str) -> None:
    """A refusal, a redirect, and an answer that does not count the records end it at once."""
    time = Time()
    peer.answers = [answer]
    assert expected in _refused(_sender(peer.url, time=time))
    assert (len(peer.bodies), time.waited) == (1, [])


def test_a_collector_that_takes_less_gets_less(peer: Peer) -> None:
    """After 413 a batch goes out in halves, and refusals are told by the record's own number."""
    finding = {"line": 2, "code": "RF990", "message": "no"}
    part = {"added": 1, "duplicates": 0, "refused": 1, "findings": [finding]}
    peer.answers = [413, 200, (200, {}, json.dumps(part).encode())]
    done = _sender(peer.url, time=Time()).send(signed_run(number) for number in range(4))
    assert [len(one) for one in peer.bodies] == [4, 2, 2]
    assert (done.added, [(one.number, one.code) for one in done.refused]) == (3, [(3, "RF990")])


@pytest.mark.parametrize(
    ("url", "token", "expected"),
    [
        ("http://collector.example.com", TOKEN, "would cross the network in the clear"),
        ("ftp://127.0.0.1", TOKEN, "address is unusable"),
        ("https://user:secret@collector.example.com", TOKEN, "address is unusable"),
        ("https://collector.example.com?x=1", TOKEN, "address is unusable"),
        ("https://[", TOKEN, "address is unusable"),
        ("https://h:99999", TOKEN, "address is unusable"),
        ("", TOKEN, "address is unusable"),
        ("https://collector.example.com", "rft_short", "not one of a collector's"),
        ("https://collector.example.com", f"{TOKEN}\r\nX: y", "not one of a collector's"),
        ("https://collector.example.com", "", "nothing says who sends"),
    ],
)
def test_an_unusable_destination_is_refused(url: str, token: str, expected: str) -> None:
    """No token leaves in the clear, and neither an address nor a token is shown."""
    with pytest.raises(UsageError, match=expected) as caught:
        Destination(url=url, token=token)
    assert "secret" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_what_is_unsafe_is_asked_for() -> None:
    """With a flag of that name a token goes over plain http, and a certificate needs no token."""
    Destination(url="http://collector.example.com", token=TOKEN, unsafe_without_tls=True)
    Destination(url="https://collector.example.com", tls=Tls(certificate=("a", "b")))
