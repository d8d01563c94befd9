"""A hundred thousand decisions of a real OPA, while the collector is killed ten times."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.collector.crash import Asking, kill_and_restart
from tests.collector.harness import Collector, make_place, policy_site, sidecar_config
from tests.collector.relay import Relay, relaying

from ringfence.evidence.records import RecordKind
from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS

pytestmark = pytest.mark.bench

COUNT = 100_000
OUTAGES = (500, 200, 4000, 50, 1000, 52_000, 100, 2000, 300, 20)
"""Decisions that each of the ten outages lasts; the longest is more than a collector's upload may have."""

REPORTING: dict[str, dict[str, Any]] = {
    "unlimited": {},
    "rate": {"max_decisions_per_second": 800},
    "events": {"buffer_type": "event", "buffer_size_limit_events": 5000},
}
"""How OPA buffers: all that comes, so many a second, or so many items of which the oldest go."""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """Serve the scaffold's bundles; yield OPA's configuration and the bundles' revisions."""
    with policy_site(tmp_path_factory.mktemp("policy")) as (_, config, revisions):
        yield config, revisions


def _drain(relay: Relay) -> None:
    """Wait until OPA has uploaded nothing for a minute, in which it tells its counters several times."""
    seen, since = -1, time.monotonic()
    deadline = since + 600
    while time.monotonic() - since < 60:
        assert time.monotonic() < deadline, "OPA still uploads after ten minutes"
        time.sleep(0.5)
        if relay.statuses.total() != seen:
            seen, since = relay.statuses.total(), time.monotonic()
        if len(relay.told) + sum(relay.counters.values()) == COUNT:
            return


@pytest.mark.parametrize("buffer", REPORTING)
def test_killed_while_opa_uploads(
    tmp_path: Path, policy: tuple[Path, list[str]], buffer: str
) -> None:
    """What OPA was told to be uploaded stands in the ledger once; what it counts as dropped in gap records.

    With the default buffer, and with a rate limit, both together are all that it decided. OPA 1.22.0 counts
    a whole upload that it drops from its buffer of events as one, so that there more is lost than counted.
    """
    place = make_place(tmp_path / "place", revisions=policy[1], labels={"bundle": "runtime"})
    running = Collector(place.folder / "collector.yaml", log=place.folder / "log")
    place.write(listen={"port": running.port})
    with relaying(running.port) as relay:
        config = sidecar_config(
            policy[0],
            url=relay.url,
            token=place.token,
            out=place.folder / "opa.yaml",
            **REPORTING[buffer],
        )
        with OpaServer(config=config, arguments=SERVER_FLAGS, unix=False) as opa:
            asking, began = Asking(opa.port, COUNT), time.monotonic()
            with asking.running():
                kills = kill_and_restart(
                    running,
                    place=place,
                    relay=relay,
                    asking=asking,
                    outages=OUTAGES,
                    rng=random.Random(),
                )
                for again in kills:
                    running = again
                    print(f"  {len(asking.ids)} decided, {len(relay.told)} uploaded")
            asked = time.monotonic() - began
            _drain(relay)
    assert running.stop() == 0
    stored, dropped = Counter(place.ids()), sum(relay.counters.values())
    gaps = [one.body for one in place.records(RecordKind.GAP)]
    lost = COUNT - len(relay.told)
    print(
        f"\n{buffer}: {COUNT} decisions in {asked:.0f} s, {len(OUTAGES)} kills: {len(relay.told)} uploaded, "
        f"{lost} dropped by OPA, which counts {dropped}; answers {dict(relay.statuses)}, "
        f"at most {relay.largest} events at once"
    )
    assert len(set(asking.ids)) == COUNT
    assert set(stored.values()) == {1}
    assert relay.told.keys() <= stored.keys() <= set(asking.ids)
    assert sum(sum(one["lost"].values()) for one in gaps) == dropped
    assert lost == dropped if buffer != "events" else lost >= dropped
