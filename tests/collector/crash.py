"""A real OPA that decides without a pause, while its collector is killed and started again."""

import contextlib
import http.client
import json
import random
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.collector.harness import Collector, Place
from tests.collector.relay import Relay
from tests.pipeline.serving import request_to_start

__all__ = ["Asking", "kill_and_restart"]

_THREADS = 4
_PATH = "/v1/data/ringfence/main/decision"


@dataclass
class Asking:
    """Asks an OPA on a loopback port for decisions, from several threads; `ids` are what it answered."""

    port: int
    count: int
    ids: list[str] = field(default_factory=list)
    _more: threading.Condition = field(default_factory=threading.Condition)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Ask for all of them; the block ends when they were answered."""
        with ThreadPoolExecutor(_THREADS) as pool:
            parts = [pool.submit(self._ask, n) for n in range(_THREADS)]
            yield
            for part in parts:
                part.result()

    def wait_for(self, number: int) -> None:
        """Wait until so many were answered."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.ids) >= number, timeout=1200)

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = json.dumps({"input": request_to_start()})
        for _ in range(number, self.count, _THREADS):
            connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
            said = json.loads(connection.getresponse().read())
            assert "result" in said
            with self._more:
                self.ids.append(said["decision_id"])
                self._more.notify_all()
        connection.close()


def kill_and_restart(
    running: Collector,
    *,
    place: Place,
    relay: Relay,
    asking: Asking,
    outages: Sequence[int],
    rng: random.Random,
) -> Iterator[Collector]:
    """Kill the collector in the middle of an upload, as often as there are outages; yield each new one.

    An outage lasts so many decisions. The relay must stand before the collector, whose port stays.
    """
    for outage in outages:
        relay.begun.clear()
        assert relay.begun.wait(timeout=120), "OPA uploads nothing"
        threading.Event().wait(rng.random() * 0.1)  # a moment between its first and last write
        running.stop(signal.SIGKILL)
        asking.wait_for(min(len(asking.ids) + outage, asking.count))
        running = Collector(place.folder / "collector.yaml", log=place.folder / "log")
        yield running
