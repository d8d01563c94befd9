"""Values under keys in one SQLite file: whatever is wrong with it costs time, never a wrong answer."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ringfence.cache.disk import CacheFile, open_file
from ringfence.cache.schema import prune

__all__ = ["Store", "open_store"]

# The file is damaged, or not SQLite's, or another program's.
_DAMAGED: Final = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
)


@dataclass(slots=True)
class Store:
    """A store; without `connection` one that holds nothing and keeps nothing.

    `notes` say in a line each what was wrong. No method raises for the state of the disk.
    """

    file: CacheFile | None = None
    connection: sqlite3.Connection | None = None
    notes: list[str] = field(default_factory=list)

    def read(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values that are there and whole."""
        found: dict[bytes, bytes] = {}
        if self.connection is None:
            return found
        try:
            with self.connection:
                self.connection.execute("BEGIN")
                for key in keys:
                    row = self.connection.execute(
                        "SELECT digest, value FROM entries WHERE key = ?", (key,)
                    ).fetchone()
                    if row and row[0] == _digest(key, row[1]):
                        found[key] = row[1]
        except (sqlite3.Error, TypeError) as error:
            self._fail(error)
            return {}
        return found

    def write(self, entries: Mapping[bytes, bytes], *, run: str, used: Iterable[bytes]) -> None:
        """Keep values, in one transaction, and drop what no recent run used.

        `run` names command and repository; `used` are all keys that it would ask for again.
        """
        if self.connection is None:
            return
        rows = [(key, _digest(key, value), value) for key, value in entries.items()]
        try:
            with self.connection:
                self.connection.execute("BEGIN IMMEDIATE")
                self.connection.executemany(
                    "INSERT OR REPLACE INTO entries (key, digest, value) VALUES (?, ?, ?)", rows
                )
                prune(self.connection, run=run, used=b"".join(sorted(set(used))))
        except sqlite3.Error as error:
            self._fail(error)

    def close(self) -> None:
        """Close the file."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.file is not None:
            self.file.release()
            self.file = None

    def _fail(self, error: Exception) -> None:
        """Go on without the file, or with a new one where this one is damaged."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        damaged = isinstance(error, TypeError) or _code(error) in _DAMAGED
        if self.file is not None and damaged:
            self.notes.append(f"the cache is damaged and made anew: {error}")
            try:
                self.file.remove()
                self.connection = self.file.connect()
            except (OSError, sqlite3.Error) as second:
                self.notes.append(f"the cache is left out: {second}")
        else:
            self.notes.append(f"the cache is left out: {error}")


def open_store(folder: Path) -> Store:
    """Open the store in a folder; where that fails, one that is empty, and says why."""
    store = Store()
    try:
        store.file = open_file(folder)
        store.connection = store.file.connect()
    except (OSError, sqlite3.Error) as error:
        store._fail(error)
    return store


def _digest(key: bytes, value: bytes) -> bytes:
    return hashlib.sha256(key + value).digest()


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
