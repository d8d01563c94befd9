"""A hundred thousand decisions of a real OPA, while the collector is killed ten times."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.collector.crash import Asking, kill_and_restart
from tests.collector.harness import Collector, make_place, policy_site, sidecar_config
from tests.collector.relay import relaying

from ringfence.evidence.records import RecordKind
from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS

pytestmark = pytest.mark.bench

COUNT = 100_000
OUTAGES = (500, 200, 4000, 50, 1000, 52_000, 100, 2000, 300, 20)
"""Decisions that each of the ten outages lasts; the longest is more than a collector's upload may have."""

LIMITED = {"buffer_type": "event", "buffer_size_limit_events": 5000}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """Serve the scaffold's bundles; yield OPA's configuration and the bundles' revisions."""
    with policy_site(tmp_path_factory.mktemp("policy")) as (_, config, revisions):
        yield config, revisions


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not done():
        assert time.monotonic() < deadline, "it did not happen within ten minutes"
        time.sleep(0.5)


@pytest.mark.parametrize("reporting", [{}, LIMITED], ids=["all", "limited"])
def test_killed_while_opa_uploads(
    tmp_path: Path, policy: tuple[Path, list[str]], reporting: dict[str, object]
) -> None:
    """What OPA was told to be uploaded stands in the ledger once; what it dropped is in gap records."""
    place = make_place(tmp_path / "place", revisions=policy[1], labels={"bundle": "runtime"})
    running = Collector(place.folder / "collector.yaml", log=place.folder / "log")
    place.write(listen={"port": running.port})
    with relaying(running.port) as relay:
        config = sidecar_config(
            policy[0], url=relay.url, token=place.token, out=place.folder / "opa.yaml", **reporting
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
            try:
                _wait(lambda: len(relay.told) + sum(relay.counters.values()) >= COUNT)
            finally:
                print(f"  {len(relay.told)} uploaded; {relay.counters}; {relay.statuses}")
                print("\n".join(sorted(set(running.said().splitlines()))))
    assert running.stop() == 0
    stored, dropped = Counter(place.ids()), sum(relay.counters.values())
    gaps = [one.body for one in place.records(RecordKind.GAP)]
    print(
        f"\n{COUNT} decisions in {asked:.0f} s, {len(OUTAGES)} kills: {len(relay.told)} uploaded, "
        f"{dropped} dropped by OPA; answers {dict(relay.statuses)}, at most {relay.largest} at once"
    )
    assert len(set(asking.ids)) == COUNT
    assert set(stored.values()) == {1}
    assert stored.keys() == relay.told.keys()
    assert stored.keys() <= set(asking.ids)
    assert len(stored) + dropped == COUNT
    assert sum(sum(one["lost"].values()) for one in gaps) == dropped
