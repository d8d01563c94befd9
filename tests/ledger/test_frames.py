"""Facts about the write-ahead log: what is acknowledged is there after any crash."""

import errno
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.faults import FaultyDisk, PowerCut, close_all, failing, failing_once

from ringfence.evidence.error import EvidenceError
from ringfence.ledger.frames import FrameLog
from ringfence.ledger.segment import HEAD_SIZE, scan

BATCHES = [[b"one", b"two"], [b"", b"x" * 300], [b"last"]]


def _entries(log: FrameLog, start: int = 0) -> list[bytes]:
    return [entry for frame in log.frames(start) for entry in frame.entries()]


def _written(folder: Path, batches: Sequence[Sequence[bytes]] = BATCHES) -> Path:
    log = FrameLog(folder)
    for batch in batches:
        log.append(batch)
    log.close()
    return folder / f"{0:020}.wal"


def test_batches_are_read_back_in_order(tmp_path: Path) -> None:
    """Positions are consecutive, and the entries are the same after the log is opened again."""
    log = FrameLog(tmp_path)
    assert [log.append(batch) for batch in BATCHES] == [range(2), range(2, 4), range(4, 5)]
    log.close()
    again = FrameLog(tmp_path)
    assert (again.recovery.next, again.recovery.cut_bytes) == (5, 0)
    assert _entries(again) == [entry for batch in BATCHES for entry in batch]
    assert again.append([b"more"]) == range(5, 6)
    again.close()


@pytest.mark.parametrize("batch", [[], [b"x" * 65_536]])
def test_what_no_frame_holds_is_refused(tmp_path: Path, batch: list[bytes]) -> None:
    """An empty batch and an entry over 65,535 bytes are refused, and nothing is written."""
    log = FrameLog(tmp_path)
    with pytest.raises(EvidenceError, match="RF910"):
        log.append(batch)
    assert log.append([b"x" * 65_535]) == range(1)
    log.close()


def test_every_torn_tail_is_cut_to_whole_batches(tmp_path: Path) -> None:
    """Cut anywhere, the log holds a prefix of whole batches and says how many bytes it cut."""
    path = _written(tmp_path)
    content, ends = path.read_bytes(), [HEAD_SIZE]
    for frame in scan(content, name="", first=0).frames:
        ends.append(ends[-1] + 36 + len(frame.payload))
    assert ends[-1] == len(content)
    for size in range(HEAD_SIZE, len(content)):
        path.write_bytes(content[:size])
        log = FrameLog(tmp_path)
        whole = max(number for number, end in enumerate(ends) if end <= size)
        assert _entries(log) == [entry for batch in BATCHES[:whole] for entry in batch]
        assert log.recovery.cut_bytes == size - ends[whole]
        log.close()
        assert path.stat().st_size == ends[whole]


def test_a_segment_without_its_head_gets_one(tmp_path: Path) -> None:
    """A file that was made and never got its head holds nothing, and is used."""
    path = tmp_path / f"{0:020}.wal"
    assert FrameLog(tmp_path).is_new
    path.write_bytes(b"RFWAL001")
    log = FrameLog(tmp_path)
    assert (log.is_new, log.next) == (False, 0)
    assert log.append([b"first"]) == range(1)
    log.close()


def test_every_flipped_byte_is_cut_or_refused(tmp_path: Path) -> None:
    """Damage before a whole frame is RF942; damage of the last frame is a torn tail, and is reported."""
    path = _written(tmp_path)
    content = path.read_bytes()
    last = len(content) - 36 - len(BATCHES[-1][0]) - 2
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        if at < last:
            with pytest.raises(EvidenceError, match="RF942"):
                FrameLog(tmp_path)
        else:
            log = FrameLog(tmp_path)
            assert (log.recovery.next, log.recovery.cut_bytes) == (4, len(content) - last)
            log.close()


def test_an_entry_cannot_pass_for_a_frame(tmp_path: Path) -> None:
    """A torn frame that holds another log's frames as content is cut, and not taken for damage."""
    other = _written(tmp_path / "other").read_bytes()
    path = _written(tmp_path / "log", [[b"one"], [other]])
    path.write_bytes(path.read_bytes()[:-1])
    log = FrameLog(tmp_path / "log")
    assert _entries(log) == [b"one"]
    log.close()


def test_segments_roll_and_are_pruned(tmp_path: Path) -> None:
    """A full segment is followed by another; those wholly below a position can go."""
    log = FrameLog(tmp_path, limit=200)
    for number in range(10):
        log.append([bytes([number]) * 100])
    assert len(list(tmp_path.iterdir())) == 5
    log.prune(7)
    assert (log.first, [entry[0] for entry in _entries(log, 6)]) == (6, [6, 7, 8, 9])
    log.close()
    again = FrameLog(tmp_path, limit=200)
    assert (again.first, again.next) == (6, 10)
    again.prune(10)
    assert again.is_new is False
    again.close()


def test_a_missing_segment_is_damage(tmp_path: Path) -> None:
    """A segment that is gone from the middle, or torn before another, is RF942."""
    log = FrameLog(tmp_path, limit=1)
    for number in range(3):
        log.append([bytes([number])])
    log.close()
    middle = tmp_path / f"{1:020}.wal"
    content = middle.read_bytes()
    middle.write_bytes(content[:-1])
    with pytest.raises(EvidenceError, match="RF942"):
        FrameLog(tmp_path)
    middle.unlink()
    with pytest.raises(EvidenceError, match="RF942"):
        FrameLog(tmp_path)


def test_a_full_disk_takes_the_batch_back(tmp_path: Path) -> None:
    """After ENOSPC in the middle of a frame the log goes on, and holds no part of that batch."""
    disk = FaultyDisk()
    log = FrameLog(tmp_path, disk=disk)
    log.append([b"one"])
    disk.fault = failing_once("write", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(EvidenceError, match=r"RF940 cannot append .*: No space left"):
        log.append([b"lost" * 100])
    assert log.append([b"two"]) == range(1, 2)
    log.close()
    again = FrameLog(tmp_path)
    assert _entries(again) == [b"one", b"two"]
    again.close()


def test_a_failed_sync_stops_the_log(tmp_path: Path) -> None:
    """After a failed sync nothing is taken until the log is opened anew, and that batch is not held."""
    disk = FaultyDisk()
    log = FrameLog(tmp_path, disk=disk)
    log.append([b"one"])
    disk.fault = failing_once("sync", OSError(errno.EIO, "Input/output error"))
    with pytest.raises(EvidenceError, match="RF940"):
        log.append([b"lost"])
    with pytest.raises(EvidenceError, match="RF946"):
        log.append([b"refused"])
    log.close()
    again = FrameLog(tmp_path)
    assert _entries(again) == [b"one"]
    again.close()


@given(seed=st.integers(0, 1 << 32), number=st.integers(1, 60))
def test_a_power_cut_loses_nothing_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, seed: int, number: int
) -> None:
    """Stopped at any operation, the acknowledged batches are a prefix of what is found, in order."""
    folder, rng = tmp_path_factory.mktemp("power"), random.Random(seed)
    disk = FaultyDisk(fault=failing(number, PowerCut()))
    sent: list[bytes] = []
    acknowledged = 0
    try:
        log = FrameLog(folder / "wal", disk=disk, limit=300)
        for _ in range(12):
            batch = [rng.randbytes(rng.randint(0, 90)) for _ in range(rng.randint(1, 4))]
            sent += batch
            acknowledged = log.append(batch).stop
    except PowerCut:
        pass
    close_all(disk)
    disk.cut_power(rng)
    again = FrameLog(folder / "wal")
    found = _entries(again)
    assert len(found) >= acknowledged
    assert found == sent[: len(found)]
    again.close()
