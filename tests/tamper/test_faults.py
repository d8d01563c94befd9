"""Facts about a failing disk: full, refusing to sync, tearing writes, at every single operation (group 23)."""

import errno
import random
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.ledger.faults import FaultyDisk, PowerCut, close_all, failing
from tests.ledger.samples import FIRST, ORIGIN, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import open_note
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.tree import leaf_hash, root_of
from ringfence.ledger.fsck import check_frames, check_index, fsck
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

Fault = Callable[[int, str], None]
STOPPED = {"RF943", "RF944", "RF946"}


def _at(number: int, *names: str, error: int, until: int = 1) -> Fault:
    """Fail from an operation on, so many of these names (all where none is given)."""
    left = [until]

    def fault(count: int, name: str) -> None:
        if count >= number and left[0] and (not names or name in names):
            left[0] -= 1
            raise OSError(error, "no")

    return fault


FAULTS: dict[str, Callable[[int], Fault]] = {
    "a full disk": lambda n: _at(n, "write", "create", error=errno.ENOSPC),
    "a full disk for long": lambda n: _at(n, "write", "create", error=errno.ENOSPC, until=7),
    "a failed sync": lambda n: _at(n, "sync", error=errno.EIO),
    "a failed sync of a folder": lambda n: _at(n, "sync_folder", error=errno.EIO),
    "syncs that fail for long": lambda n: _at(n, "sync", "sync_folder", error=errno.EIO, until=7),
    "a failed sync and then a failed cut": lambda n: _at(n, "sync", "cut", error=errno.EIO, until=2),
    "a killed process": lambda n: failing(n, PowerCut()),
    "a failed rename": lambda n: _at(n, "rename", error=errno.EIO),
    "a disk that refuses all": lambda n: _at(n, error=errno.EROFS, until=1 << 30),
    "a disk that refuses all for a while": lambda n: _at(n, error=errno.EROFS, until=9),
}  # fmt: skip


EACH = {"a failed sync", "a failed sync and then a failed cut", "a killed process"}


@dataclass
class Life:
    """A ledger that is written to, and opened again where it stops, as a supervisor does."""

    folder: Path
    settings: Settings
    acknowledged: list[bytes] = field(default_factory=list)
    notes: list[bytes] = field(default_factory=list)
    refused: int = 0

    def live(self, rng: random.Random) -> None:
        """Deliver batches until each is acknowledged or was tried four times; publish now and then."""
        ledger = None
        for start in range(0, 48, 12):
            batch = [decision(n, pad="x" * rng.randint(0, 40)) for n in range(start, start + 12)]
            for _ in range(4):
                ledger = ledger or self._open()
                if ledger is None:
                    continue
                try:
                    self._deliver(ledger, batch, publish=rng.random() < 0.6)
                    break
                except (EvidenceError, PowerCut) as error:
                    self.refused += 1
                    if not isinstance(error, EvidenceError) or error.code in STOPPED:
                        ledger.close()
                        ledger = None
        if ledger is not None:
            ledger.close()

    def _open(self) -> Ledger | None:
        try:
            return Ledger.open(self.folder, settings=self.settings)
        except (EvidenceError, PowerCut):
            self.refused += 1
            return None

    def _deliver(self, ledger: Ledger, batch: list[Record], *, publish: bool) -> None:
        ledger.append(batch)
        self.acknowledged += [one.data for one in batch]
        if publish:
            self.notes.append(ledger.checkpoint().note)

    def check(self, settings: Settings) -> None:
        """Open it on a sound disk: all that was acknowledged stands once, and all notes are prefixes."""
        ledger = Ledger.open(self.folder, settings=settings)
        found = [ledger.read(n).data for n in range(ledger.size)]
        assert set(found) >= set(self.acknowledged)
        assert len(found) == len(set(found))
        ledger.append([decision(99)])
        last = ledger.checkpoint().checkpoint
        leaves = [leaf_hash(ledger.read(n).data) for n in range(ledger.size)]
        ledger.close()
        points = [Checkpoint.parse(open_note(one, key=key_of(FIRST)).text) for one in self.notes]
        assert all(one.root == root_of(leaves[: one.size]) for one in (*points, last))
        fsck(self.folder, trusted=key_of(FIRST), pinned=points)
        check_frames(self.folder)


@pytest.mark.parametrize("power", ["power stays", "power is cut"])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_failing_disk_loses_nothing_acknowledged(memory: Path, kind: str, power: str) -> None:
    """Whichever operation fails first, and also if the power is cut later, nothing acknowledged is lost.

    Each operation in turn is the first to fail where that matters most, else every third or so.
    What a failed sync was to write is on this disk never written by a later sync, as on Linux.
    """
    number, refused, steps = 0, 0, random.Random(kind + power)
    while True:
        number += 1 if kind in EACH else steps.randint(1, 5)
        folder, disk = memory / str(number), FaultyDisk()
        settings = Settings(keys=(FIRST,), clock=Clock(), disk=disk, segment_size=1500)
        Ledger.create(folder, origin=ORIGIN, settings=settings).close()
        disk.operations.clear()
        disk.fault = FAULTS[kind](number)
        life = Life(folder, settings)
        life.live(random.Random(number))
        total = len(disk.operations)
        disk.fault = lambda count, name: None
        close_all(disk)
        if power == "power is cut":
            disk.cut_power(random.Random(number))
        life.check(replace(settings, disk=type(settings.disk)()))
        refused += life.refused > 0
        if number > total:
            break
    check_index(folder)
    assert number > 40
    assert refused > 5


def test_after_a_failed_sync_nothing_more_is_acknowledged(tmp_path: Path) -> None:
    """The very next try is refused with RF946, though the disk would take it: only opening anew goes on."""
    disk = FaultyDisk()
    settings = Settings(keys=(FIRST,), clock=Clock(), disk=disk)
    ledger = Ledger.create(tmp_path / "l", origin=ORIGIN, settings=settings)
    disk.fault = _at(0, "sync", error=errno.EIO)
    with pytest.raises(EvidenceError, match=r"^RF940"):
        ledger.append([decision(1)])
    for _ in range(3):
        with pytest.raises(EvidenceError, match=r"^RF946"):
            ledger.append([decision(1)])
    ledger.close()
    again = Ledger.open(tmp_path / "l", settings=settings)
    assert again.append([decision(1)]).added == 1
    again.close()


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """Let the system end every write at this size, as on a full disk: first short, then refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_short_write_of_the_system_is_taken_back(tmp_path: Path) -> None:
    """The system writes half a frame and refuses the rest: the batch is refused whole, and the next stands."""
    settings = Settings(keys=(FIRST,), clock=Clock())
    ledger = Ledger.create(tmp_path / "l", origin=ORIGIN, settings=settings)
    large = [decision(n, pad="x" * 60_000) for n in range(20)]
    ledger.append(large)
    (segment,) = (tmp_path / "l/wal").iterdir()
    before = segment.read_bytes()
    more = [decision(n, pad="y" * 60_000) for n in range(20, 40)]
    with _files_of_at_most(len(before) + 100_001), pytest.raises(EvidenceError, match=r"^RF940"):
        ledger.append(more)
    assert segment.read_bytes() == before
    assert ledger.append(more).added == 20
    ledger.close()
    life = Life(tmp_path / "l", settings, [one.data for one in (*large, *more)])
    life.check(settings)


def test_an_index_that_cannot_be_written_forgets_nothing(tmp_path: Path) -> None:
    """The frame fits and the index doesn't: the batch is durable, and counted as known when it comes again."""
    settings = Settings(keys=(FIRST,), clock=Clock())
    ledger = Ledger.create(tmp_path / "l", origin=ORIGIN, settings=settings)
    batch = [decision(n) for n in range(9)]
    run = make_record(RecordKind.RUN, {"run_id": "r-1"})  # decisions alone would wait in memory
    with _files_of_at_most(4000), pytest.raises(EvidenceError, match=r"^RF957"):
        ledger.append([*batch, run])
    again = ledger.append([*batch, decision(9)])
    assert (again.added, again.duplicates) == (1, 9)
    ledger.close()
    Life(tmp_path / "l", settings, [one.data for one in batch]).check(settings)
    check_index(tmp_path / "l")
