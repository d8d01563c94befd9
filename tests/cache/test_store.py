"""The store: whole values or none, and a file that may be anything without harm."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.cache import disk
from ringfence.cache.store import open_store

RUN = "check /somewhere"
KEYS = [bytes([number]) * 32 for number in range(40)]
FILE = "tenants.sqlite"


def _write(
    folder: Path, keys: list[bytes], *, run: str = RUN, used: list[bytes] | None = None
) -> None:
    store = open_store(folder)
    store.write({key: key * 100 for key in keys}, run=run, used=used or keys)
    assert store.notes == []
    store.close()


def _read(folder: Path, keys: list[bytes]) -> tuple[list[bytes], list[str]]:
    store = open_store(folder)
    found = store.read(keys)
    store.close()
    assert all(value == key * 100 for key, value in found.items())
    return sorted(found), store.notes


def test_what_was_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    """A value is found under its key, and nothing under another."""
    _write(tmp_path / "new", KEYS[:2])
    assert _read(tmp_path / "new", KEYS[:3]) == (KEYS[:2], [])


def test_the_folder_and_its_files_are_the_users_alone(tmp_path: Path) -> None:
    """Policies in the cache are readable by no one else."""
    _write(tmp_path / "a" / "b", KEYS[:1])
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")}
    assert modes == {"b": 0o700, "lock": 0o600, FILE: 0o600}


def _garbage(file: Path) -> None:
    file.write_bytes(b"not a database" * 1000)


def _truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _damage_pages(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[4096:] = bytes(len(raw) - 4096)
    file.write_bytes(raw)


def _foreign(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE entries (key, digest, value)")
    connection.close()


def _of_another_version(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def _without_a_table(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE entries")
    connection.close()


def _with_texts(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE entries SET value = 'text'")
    connection.close()


@pytest.mark.parametrize(
    "harm",
    [
        _garbage,
        _truncate,
        _damage_pages,
        _foreign,
        _of_another_version,
        _without_a_table,
        _with_texts,
    ],
)
def test_a_damaged_or_foreign_file_is_made_anew_with_a_note(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """Nothing is read from it, a note says so, and the same run can fill a new one."""
    _write(tmp_path, KEYS)
    harm(tmp_path / FILE)
    store = open_store(tmp_path)
    assert store.read(KEYS) == {}
    store.write({KEYS[0]: KEYS[0] * 100}, run=RUN, used=KEYS[:1])
    store.close()
    assert len(store.notes) == 1
    assert "made anew" in store.notes[0]
    assert _read(tmp_path, KEYS) == (KEYS[:1], [])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET value = CAST(x'00' || substr(value, 2) AS BLOB) WHERE key = ?",
        "UPDATE entries SET value = (SELECT max(value) FROM entries), "
        "digest = (SELECT max(digest) FROM entries) WHERE key = ?",
    ],
)
def test_a_value_that_does_not_fit_its_key_is_not_read(tmp_path: Path, change: str) -> None:
    """A changed value, and another entry's value with its digest, count as missing."""
    _write(tmp_path, KEYS)
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(change, (KEYS[7],))
    connection.close()
    found, _ = _read(tmp_path, KEYS)
    assert KEYS[7] not in found
    assert len(found) == len(KEYS) - 1


def _is_a_file(folder: Path) -> None:
    folder.write_text("")


def _others_may_write(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def _the_file_is_a_link(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / FILE).symlink_to(folder / "elsewhere")


def _the_file_is_a_folder(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)
    folder.chmod(0o700)


@pytest.mark.parametrize(
    "obstacle", [_is_a_file, _others_may_write, _the_file_is_a_link, _the_file_is_a_folder]
)
def test_a_folder_that_is_not_usable_is_left_out_with_a_note(
    tmp_path: Path, obstacle: Callable[[Path], None]
) -> None:
    """The store is then empty, keeps nothing, and says why in one line."""
    obstacle(tmp_path / "folder")
    store = open_store(tmp_path / "folder")
    store.write({KEYS[0]: b""}, run=RUN, used=KEYS[:1])
    assert store.read(KEYS) == {}
    store.close()
    assert len(store.notes) == 1
    assert store.notes[0].startswith("the cache is left out: ")


def test_a_file_in_use_is_not_removed(tmp_path: Path) -> None:
    """While another process holds the file, a damaged one is left to it, and nothing is kept."""
    _write(tmp_path, KEYS)
    _garbage(tmp_path / FILE)
    with (tmp_path / "lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        store = open_store(tmp_path)
        assert store.read(KEYS) == {}
        store.close()
        assert [note.split(":")[0] for note in store.notes] == [
            "the cache is damaged and made anew",
            "the cache is left out",
        ]
    assert (tmp_path / FILE).read_bytes().startswith(b"not a database")


def test_a_file_that_another_process_writes_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that waits in vain goes on without the cache and leaves the file as it is."""
    _write(tmp_path, KEYS)
    monkeypatch.setattr(disk, "_WAIT", 0.0)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store = open_store(tmp_path)
    assert store.read(KEYS) == {}
    store.close()
    assert store.notes == ["the cache is left out: database is locked"]
    other.execute("ROLLBACK")
    other.close()
    assert _read(tmp_path, KEYS) == (KEYS, [])


def test_entries_that_no_recent_run_used_are_deleted(tmp_path: Path) -> None:
    """What three runs of one command over one repository did not use goes; another's stays."""
    _write(tmp_path, KEYS[:1])
    _write(tmp_path, KEYS[1:2], run="build /elsewhere")
    for number in (2, 3):
        _write(tmp_path, [KEYS[number]])
    assert _read(tmp_path, KEYS)[0] == KEYS[:4]
    _write(tmp_path, [KEYS[4]], used=[KEYS[2], KEYS[4]])
    assert _read(tmp_path, KEYS)[0] == KEYS[1:5]
    for number in (5, 6, 7):
        _write(tmp_path, [KEYS[number]])
    assert _read(tmp_path, KEYS)[0] == [KEYS[1], *KEYS[5:8]]


def test_repositories_that_were_not_seen_for_long_are_forgotten(tmp_path: Path) -> None:
    """After two dozen runs over others, nothing of a repository is left."""
    _write(tmp_path, KEYS[:1], run="check /first")
    for number in range(1, 26):
        _write(tmp_path, [KEYS[number]], run=f"check /{number}")
    found, _ = _read(tmp_path, KEYS)
    assert found == KEYS[2:26]
