"""Facts about fsck: whatever byte is altered, it is found, each kind of damage with its own code."""

import os
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import sign_note
from ringfence.ledger.cosignature import WitnessKey, cosign
from ringfence.ledger.edge import Edge
from ringfence.ledger.fsck import check_frames, check_index, fsck
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.segment import frame_of, scan
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.tiles import TileReader, bundle_entries, bundle_leaves

NOW = 1_800_000_000
WITNESS = WitnessKey("witness.example", THIRD.public_key())
QUORUM = Quorum(witnesses=(TrustedWitness(WITNESS, "them"),), threshold=1, log_operator="us")
TRUSTED = key_of(FIRST)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Checkpoint]]:
    """Write a ledger of 601 records, 20 more without checkpoint, and a rotated key; read only."""
    folder = tmp_path_factory.mktemp("fsck") / "ledger"
    ledger = Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(FIRST,), clock=Clock()))
    points = []
    for start in range(0, 600, 100):
        ledger.append([decision(n) for n in range(start, start + 100)])
        points.append(ledger.checkpoint().checkpoint)
    points.append(ledger.rotate(SECOND).checkpoint)
    ledger.append([decision(n) for n in range(600, 620)])
    ledger.close()
    return folder, points


@pytest.fixture
def folder(written: tuple[Path, list[Checkpoint]], tmp_path: Path) -> Path:
    """Return a copy that a test may alter."""
    return Path(shutil.copytree(written[0], tmp_path / "ledger"))


def _refused(folder: Path, code: str, **given: object) -> None:
    with pytest.raises(VerifyError, match=code):
        fsck(folder, trusted=TRUSTED, **given)  # type: ignore[arg-type] # passed on


def _check_all(folder: Path) -> None:
    fsck(folder, trusted=TRUSTED)
    check_frames(folder)


def _flip(path: Path, at: int) -> None:
    content = path.read_bytes()
    at %= len(content)
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


@pytest.mark.requirement("R1.65", on="record")
def test_a_sound_ledger_passes(written: tuple[Path, list[Checkpoint]]) -> None:
    """R1.65: size, root and keys are the checkpoint's; gaps are named, and nothing is written."""
    folder, points = written
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = fsck(folder, trusted=TRUSTED, pinned=points)
    assert result.checkpoint == points[-1]
    assert [key.vkey for key in result.keys] == [key_of(FIRST).vkey, key_of(SECOND).vkey]
    assert any("witness" in one for one in result.not_shown)
    assert check_frames(folder) == 20
    check_index(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_newer_key_is_trusted_by_itself(folder: Path) -> None:
    """Who has only the second key verifies too; a stranger's key is RF922."""
    assert fsck(folder, trusted=key_of(SECOND)).checkpoint.size == 602
    with pytest.raises(VerifyError, match="RF922"):
        fsck(folder, trusted=key_of(THIRD))


def test_every_kind_of_byte_counts(written: tuple[Path, list[Checkpoint]], folder: Path) -> None:
    """A flipped byte in any file of tiles, frames or the checkpoint fails, by the file's own code."""
    one_signature = sign_note(written[1][-1].text(), name=ORIGIN, key=FIRST)
    (folder / "checkpoint").write_bytes(one_signature)
    codes = {"tile/entries": {"RF926", "RF931", "RF945", "RF959"}, "tile/": {"RF959", "RF945"},
             "wal/": {"RF942", "RF959"}, "checkpoint": {"RF921", "RF922", "RF923", "RF924", "RF926"}}  # fmt: skip
    checked = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        expected = next((codes[start] for start in codes if name.startswith(start)), None)
        if not path.is_file() or expected is None:
            continue
        original = path.read_bytes()
        for at in (0, 1, len(original) // 3, len(original) // 2, 60):
            if name.startswith("wal/") and at > len(original) - 6000:
                continue  # the last frame: a torn tail, which was never signed
            _flip(path, at)
            with pytest.raises(VerifyError) as error:
                _check_all(folder)
            assert error.value.code in expected, (name, at)
            path.write_bytes(original)
            checked += 1
    assert checked > 40


@pytest.mark.requirement("R1.65", on="record")
def test_dropped_swapped_and_inserted_records_are_found(folder: Path) -> None:
    """R1.65: other counts are RF931, other places RF932 and other content RF926, which names the record."""
    path = folder / "tile/entries/000"
    original = path.read_bytes()
    entries = bundle_entries(original)
    changes: list[tuple[str, Callable[[list[bytes]], list[bytes]]]] = [
        ("RF931", lambda all_: all_[1:]),
        ("RF931", lambda all_: all_[:-1]),
        ("RF931", lambda all_: all_[:100] + all_[101:]),
        ("RF931", lambda all_: [*all_, all_[0]]),
        ("RF932 from record 1 ", lambda all_: [all_[0], all_[2], all_[1], *all_[3:]]),
        ("RF926 record 255 ", lambda all_: [*all_[:-1], all_[0]]),
    ]
    for code, change in changes:
        path.write_bytes(b"".join(len(e).to_bytes(2) + e for e in change(entries)))
        _refused(folder, code)
    path.write_bytes((folder / "tile/entries/001").read_bytes())
    _refused(folder, "RF926")
    path.unlink()
    _refused(folder, "RF931")


def test_records_and_tiles_altered_together_are_found(folder: Path) -> None:
    """Who alters a record and every tile above it still has not the signed root."""
    path = folder / "tile/entries/000"
    content = path.read_bytes().replace(b'"tenant":"acme"', b'"tenant":"evil"', 1)
    path.write_bytes(content)
    reader, edge = TileReader(folder, size=602), Edge()
    for index in range(3):
        edge, filled = edge.extend(bundle_leaves(reader.bundle(index)))
        for tile in filled:
            (folder / f"tile/{tile.level}/{tile.index:03}").write_bytes(tile.hashes)
    _refused(folder, "RF926")


def test_a_rolled_back_and_a_rewritten_ledger_are_found_by_a_pin(
    written: tuple[Path, list[Checkpoint]], folder: Path
) -> None:
    """An older signed checkpoint alone passes; against one seen later it is RF943, a fork RF944, a split view RF933."""
    _, points = written
    old = sign_note(points[2].text(), name=ORIGIN, key=FIRST)
    (folder / "checkpoint").write_bytes(old)
    assert fsck(folder, trusted=TRUSTED, pinned=points[:3]).checkpoint == points[2]
    _refused(folder, "RF943", pinned=[points[3]])
    fork = Checkpoint(origin=ORIGIN, size=100, root=bytes(32))
    _refused(folder, "RF944", pinned=[fork])
    split = Checkpoint(origin=ORIGIN, size=points[2].size, root=bytes(32))
    _refused(folder, "RF933", pinned=[split])
    other = Checkpoint(origin="other.example/log", size=1, root=bytes(32))
    _refused(folder, "RF924", pinned=[other])


def test_witnesses_and_their_age_count(
    written: tuple[Path, list[Checkpoint]], folder: Path
) -> None:
    """Without the quorum it is RF952, with a line that does not fit RF953, too old RF955."""
    text, path = written[1][-1].text(), folder / "checkpoint"
    note = path.read_bytes()
    _refused(folder, "RF952", quorum=QUORUM)
    line = cosign(text, name=WITNESS.name, key=THIRD, time=NOW)
    path.write_bytes(note + line)
    found = fsck(folder, trusted=TRUSTED, quorum=QUORUM, now=NOW + 9, max_age=9)
    assert [one.time for one in found.cosignatures] == [NOW]
    _refused(folder, "RF955", quorum=QUORUM, now=NOW + 10, max_age=9)
    _refused(folder, "RF954", quorum=QUORUM, now=NOW - 400)
    path.write_bytes(note + cosign(text + b"x\n", name=WITNESS.name, key=THIRD, time=NOW))
    _refused(folder, "RF953", quorum=QUORUM)


def test_a_rewrite_inside_the_witness_interval_is_not_found_and_said(tmp_path: Path) -> None:
    """Records changed before anyone saw their checkpoint pass; the result says that this is not shown."""
    results = []
    for action in ("block", "allow"):
        folder = tmp_path / action
        settings = Settings(keys=(FIRST,), clock=Clock())
        ledger = Ledger.create(folder, origin=ORIGIN, settings=settings)
        ledger.append([decision(0, action=action)])
        note = ledger.checkpoint().note
        ledger.close()
        text = note.partition(b"\n\n")[0] + b"\n"
        line = cosign(text, name=WITNESS.name, key=THIRD, time=NOW)
        (folder / "checkpoint").write_bytes(note + line)
        results.append(fsck(folder, trusted=TRUSTED, quorum=QUORUM, now=NOW, max_age=1))
    assert results[0].checkpoint.root != results[1].checkpoint.root
    assert any("between two cosigned checkpoints" in one for one in results[1].not_shown)


def test_a_copy_without_frames_passes(folder: Path) -> None:
    """What is published for outsiders, tiles and checkpoint, is enough."""
    shutil.rmtree(folder / "wal")
    for name in ("signed", "ledger.json", "index.sqlite", "lock"):
        (folder / name).unlink()
    assert fsck(folder, trusted=TRUSTED).checkpoint.size == 602


@pytest.mark.parametrize("size", ["0602", "0", "603", "9223372036854775807", "-1"])
def test_a_size_that_is_not_the_trees_is_refused(folder: Path, size: str) -> None:
    """Leading zeros, other sizes and absurd ones end in VerifyError, even if the log has signed them."""
    text = (folder / "checkpoint").read_bytes().partition(b"\n\n")[0] + b"\n"
    altered = text.replace(b"\n602\n", f"\n{size}\n".encode())
    (folder / "checkpoint").write_bytes(sign_note(altered, name=ORIGIN, key=FIRST))
    _refused(folder, r"RF9(21|26|31)")


def test_mutated_ledgers_only_raise_their_own_error(
    written: tuple[Path, list[Checkpoint]], tmp_path: Path
) -> None:
    """Whatever is done to a published file, fsck raises VerifyError, or shows the very same tree."""
    sound, rng = fsck(written[0], trusted=TRUSTED), random.Random(5)
    refused = 0
    for number in range(400):
        folder = Path(shutil.copytree(written[0], tmp_path / str(number)))
        files = sorted(p for p in folder.rglob("*") if p.is_file() and "wal" not in p.parts)
        path = rng.choice([p for p in files if p.name not in ("index.sqlite", "lock", "signed")])
        _mutate(path, rng)
        try:
            assert fsck(folder, trusted=TRUSTED) == sound
        except VerifyError:
            refused += 1
        shutil.rmtree(folder)
    assert refused > 250


def _mutate(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    at, kind = rng.randrange(len(content)), rng.randrange(6)
    if kind == 0:
        _flip(path, at)
    elif kind == 1:
        path.write_bytes(content[:at])
    elif kind == 2:
        path.write_bytes(content[:at] + rng.randbytes(rng.randint(1, 40)) + content[at:])
    elif kind == 3:
        path.write_bytes(content[:at] + content[at + rng.randint(1, 400) :])
    elif kind == 4:
        path.unlink()
        path.mkdir()
    else:
        path.unlink()
        path.symlink_to("/dev/zero")


def test_a_pipe_or_a_link_in_place_of_a_tile_is_refused(folder: Path, tmp_path: Path) -> None:
    """What is no plain file is not waited for, and no link leads out of the folder."""
    path = folder / "tile/0/000"
    path.rename(tmp_path / "elsewhere")
    os.mkfifo(path)
    _refused(folder, "RF945")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    _refused(folder, "RF945")


def test_an_index_that_says_something_else_is_found(folder: Path) -> None:
    """An entry more, in the index only, is RF957."""
    with sqlite3.connect(folder / "index.sqlite") as connection:
        connection.execute("INSERT INTO kind VALUES ('run', 1)")
    connection.close()
    with pytest.raises(VerifyError, match="RF957"):
        check_index(folder)


def test_an_index_that_is_behind_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    """After a crash it lacks the last decisions, which is no finding; one that it has wrong is RF957."""
    ledger = Ledger.create(tmp_path / "l", origin=ORIGIN, settings=Settings(keys=(FIRST,)))
    ledger.append([decision(n) for n in range(5)])
    ledger.index.flush()
    ledger.append([decision(n) for n in range(5, 9)])
    ledger.checkpoint()
    shutil.copytree(tmp_path / "l", tmp_path / "crashed")
    ledger.close()
    check_index(tmp_path / "crashed")
    with sqlite3.connect(tmp_path / "crashed" / "index.sqlite") as connection:
        connection.execute("DELETE FROM seen WHERE position = 3")
    connection.close()
    with pytest.raises(VerifyError, match="RF957"):
        check_index(tmp_path / "crashed")


def test_a_frame_that_departs_from_the_bundles_is_found(folder: Path) -> None:
    """A whole frame of other records, in place of one that was integrated, is RF959."""
    (segment,) = (folder / "wal").iterdir()
    content = segment.read_bytes()
    marker, first = content[16:32], scan(content, name="", first=0).frames[1]
    entries = [entry.replace(b"acme", b"evil") for entry in first.entries()]
    old = frame_of(list(first.entries()), first=first.first, marker=marker)
    assert old in content
    new = frame_of(entries, first=first.first, marker=marker)
    segment.write_bytes(content.replace(old, new))
    fsck(folder, trusted=TRUSTED)
    with pytest.raises(VerifyError, match="RF959"):
        check_frames(folder)


def test_a_ledger_without_checkpoint_is_refused(tmp_path: Path) -> None:
    """Before anything is signed there is nothing to verify."""
    settings = Settings(keys=(FIRST,), clock=Clock())
    Ledger.create(tmp_path / "l", origin=ORIGIN, settings=settings).close()
    with pytest.raises(VerifyError, match="RF945"):
        fsck(tmp_path / "l", trusted=TRUSTED)


def test_a_refused_ledger_is_left_as_it_was(folder: Path) -> None:
    """A fork is found before the records that wait are brought into tiles."""
    _flip(folder / "tile/0/002.p/90", 5)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(EvidenceError, match="RF944"):
        Ledger.open(folder, settings=Settings(keys=(FIRST, SECOND), clock=Clock()))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_ledger_verifies_while_it_grows(tmp_path: Path) -> None:
    """Beside a writer that publishes and removes partial tiles without a pause, every reading holds."""
    folder, written = tmp_path / "ledger", threading.Event()
    ledger = Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(FIRST,), clock=Clock()))
    ledger.checkpoint()

    def write() -> None:
        try:
            for start in range(0, 6000, 37):
                ledger.append([decision(n) for n in range(start, start + 37)])
                ledger.checkpoint()
        finally:
            written.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        sizes = []
        while not written.is_set():
            sizes.append(fsck(folder, trusted=TRUSTED).checkpoint.size)
        writing.result()
    ledger.close()
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1


def test_a_folder_of_partial_tiles_that_goes_meanwhile_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a writer removes one between its listing and its reading, nothing is missed for it."""
    folder = tmp_path / "ledger"
    ledger = Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(FIRST,), clock=Clock()))
    ledger.append([decision(n) for n in range(100)])
    ledger.checkpoint()
    gone = folder / "tile/0/000.p"
    real = os.scandir

    def scandir(path: Any) -> Any:
        if isinstance(path, (str, Path)) and Path(path) == gone:
            shutil.rmtree(gone, ignore_errors=True)
        return real(path)

    ledger.append([decision(n) for n in range(100, 400)])
    ledger.checkpoint()
    gone.mkdir(exist_ok=True)
    monkeypatch.setattr(os, "scandir", scandir)
    assert fsck(folder, trusted=TRUSTED).checkpoint.size == 401
    assert not gone.exists()
    ledger.close()
