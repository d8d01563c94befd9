"""A relay between OPA and a collector, which keeps what OPA was told of each upload."""

import contextlib
import gzip
import http.client
import http.server
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ringfence.collector.gaps import drop_counters

__all__ = ["Relay", "relaying"]


@dataclass
class Relay:
    """What went through to the collector at port `target`, which may be closed.

    `statuses` counts how uploads were answered, with 502 where nobody answered. `told` counts, by id, how
    often OPA was told that it has uploaded an event, and `largest` the events of the largest such upload.
    `counters` are OPA's drop counters, as its last status update had them. `begun` is set by each upload.
    """

    target: int
    url: str = ""
    statuses: Counter[int] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    largest: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    begun: threading.Event = field(default_factory=threading.Event)

    def note(self, path: str, body: bytes, status: int) -> None:
        """Keep what OPA is about to be told."""
        if path == "/status":
            self.counters = drop_counters(json.loads(body))
            return
        self.statuses[status] += 1
        if status == 200:
            ids = [one["decision_id"] for one in json.loads(gzip.decompress(body))]
            self.largest = max(self.largest, len(ids))
            self.told.update(ids)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Passes one request on, and the answer back; without an answer OPA gets a 502."""

    protocol_version = "HTTP/1.1"

    def __init__(self, relay: Relay, *arguments: Any, **named: Any) -> None:
        self._relay = relay
        super().__init__(*arguments, **named)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/logs":
            self._relay.begun.set()
        status, answer = self._passed_on(body)
        self._relay.note(self.path, body, status)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _passed_on(self, body: bytes) -> tuple[int, bytes]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        connection = http.client.HTTPConnection("127.0.0.1", self._relay.target, timeout=60)
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 502, b""
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextlib.contextmanager
def relaying(target: int) -> Iterator[Relay]:
    """Relay on a free loopback port until the block ends."""
    relay = Relay(target)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, relay))
    relay.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
