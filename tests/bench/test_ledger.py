"""The cost of the ledger, as ratios to SHA-256 over the same bytes in the same run, CPU time of one core."""

import hashlib
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.evidence.samples import ALLOWED, decision, event
from tests.ledger.samples import FIRST, ORIGIN, key_of

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.decision import make_decision
from ringfence.evidence.note import sign_note
from ringfence.evidence.records import Record
from ringfence.evidence.tree import leaf_hash, verify_inclusion
from ringfence.ledger.edge import Edge
from ringfence.ledger.fsck import check_frames, fsck
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

pytestmark = pytest.mark.bench

COUNT = 20_000
ROUNDS = 5


def _cost(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process and its children's system calls, once."""
    start = time.process_time()
    work()
    return time.process_time() - start


class Scale:
    """SHA-256 over the same bytes in one buffer, measured beside every round of the work."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.count, self.content = len(records), b"".join(record.data for record in records)

    def ratio(self, *works: Callable[[], object]) -> tuple[float, float]:
        """Return the median ratio over the works, one a round, and the median microseconds a record."""
        ratios, costs = [], []
        for work in works:
            limit = min(_cost(lambda: hashlib.sha256(self.content).digest()) for _ in range(3))
            cost = _cost(work)
            ratios.append(cost / limit)
            costs.append(cost / self.count * 1e6)
        return statistics.median(ratios), statistics.median(costs)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Return 20,000 decisions as a collector makes them."""
    return [
        make_decision(event(n, result=decision()), allowed_facts=ALLOWED, principal="sidecar-1")
        for n in range(COUNT)
    ]


@pytest.fixture(scope="module")
def scale(records: list[Record]) -> Scale:
    """Return the scale for these records."""
    made = Scale(records)
    print(f"\n{COUNT} records of {len(made.content) // COUNT} bytes")
    return made


def _say(name: str, found: tuple[float, float], aim: int | None = None) -> None:
    wanted = f" (aim {aim})" if aim else ""
    print(f"\n{name}: {found[0]:.1f} times SHA-256{wanted}, {found[1]:.2f} us a record")


@pytest.mark.parametrize("batch", [1, 100, 1000, 10_000])
def test_tree_and_checkpoint(records: list[Record], scale: Scale, batch: int) -> None:
    """Measure leaf hashes, tree with its tiles, root and signed note, in memory."""
    data = [record.data for record in records]

    def work() -> None:
        edge = Edge()
        for start in range(0, len(data), batch):
            edge, _ = edge.extend([leaf_hash(one) for one in data[start : start + batch]])
            text = Checkpoint(origin=ORIGIN, size=edge.size, root=edge.root()).text()
            sign_note(text, name=ORIGIN, key=FIRST)

    rounds = 1 if batch == 1 else ROUNDS
    _say(f"tree and checkpoint, batch {batch}", scale.ratio(*[work] * rounds), 4)


def _ledger(folder: Path) -> Ledger:
    return Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(FIRST,)))


@pytest.mark.parametrize("batch", [100, 1000])
def test_durable_append(records: list[Record], scale: Scale, tmp_path: Path, batch: int) -> None:
    """Measure appending, synced and indexed, with a published checkpoint every thousand records."""
    ledgers = iter([_ledger(tmp_path / str(n)) for n in range(ROUNDS)])
    wall: list[float] = []

    def work() -> None:
        ledger, began = next(ledgers), time.perf_counter()
        for start in range(0, COUNT, batch):
            ledger.append(records[start : start + batch])
            if not start % 1000:
                ledger.checkpoint()
        wall.append(time.perf_counter() - began)
        ledger.close()

    _say(f"durable append, batch {batch}", scale.ratio(*[work] * ROUNDS), 50)
    print(f"  {COUNT / statistics.median(wall):,.0f} records a second of wall time")


def test_durable_ingest(records: list[Record], scale: Scale, tmp_path: Path) -> None:
    """Measure the same from parsed events: allow-list, canonical bytes, deliverer, append, checkpoint."""
    ledgers = iter([_ledger(tmp_path / str(n)) for n in range(ROUNDS)])
    events = [event(n, result=decision()) for n in range(COUNT)]

    def work() -> None:
        ledger = next(ledgers)
        for start in range(0, COUNT, 1000):
            some = events[start : start + 1000]
            ledger.append(
                [make_decision(e, allowed_facts=ALLOWED, principal="sidecar-1") for e in some]
            )
            ledger.checkpoint()
        ledger.close()

    _say("durable ingest from events, batch 1000", scale.ratio(*[work] * ROUNDS), 50)


@pytest.fixture(scope="module")
def filled(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Fill a ledger; read only."""
    ledger = _ledger(tmp_path_factory.mktemp("filled") / "ledger")
    for start in range(0, COUNT, 1000):
        ledger.append(records[start : start + 1000])
        ledger.checkpoint()
    return ledger


def test_offline_verify(filled: Ledger, scale: Scale) -> None:
    """Measure fsck: tree from records, all tiles, signature; and the frames that are left, apart."""

    def work() -> None:
        fsck(filled.folder, trusted=key_of(FIRST))

    _say("offline fsck", scale.ratio(*[work] * ROUNDS), 4)
    _say("frames, while all of them are left", scale.ratio(lambda: check_frames(filled.folder)))


def test_one_proof(filled: Ledger, records: list[Record], scale: Scale) -> None:
    """Measure one inclusion proof: made from tiles, and verified with its record."""
    published = filled.published
    assert published is not None
    tree, point = filled.tree(), published.checkpoint
    paths = [tree.inclusion_proof(n + 1) for n in range(COUNT)]

    def verify() -> None:
        for n, record in enumerate(records):
            verify_inclusion(
                leaf_hash(record.data), index=n + 1, size=point.size, path=paths[n], root=point.root
            )

    def make() -> None:
        for n in range(COUNT):
            tree.inclusion_proof(n + 1)

    _say("one inclusion proof verified", scale.ratio(*[verify] * 3), 25)
    _say("one inclusion proof made from tiles", scale.ratio(make))
    filled.close()
