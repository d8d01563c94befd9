"""The SQLite file of a personal store: its tables, and how it is worked with."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ringfence.evidence.error import EvidenceError

__all__ = ["Database"]

_FILE: Final = "personal.sqlite"
_TABLES: Final = (
    "CREATE TABLE about (one INTEGER PRIMARY KEY, version INTEGER, mark BLOB)",
    "CREATE TABLE key (id INTEGER PRIMARY KEY, tenant TEXT, period TEXT, tag BLOB, sealed BLOB,"
    " UNIQUE (tenant, period, tag))",
    "CREATE TABLE fact (committed BLOB PRIMARY KEY, key INTEGER, sealed BLOB) WITHOUT ROWID",
    "CREATE TABLE pending (id TEXT PRIMARY KEY, body TEXT)",
)
_VERSION: Final = 1


class Database:
    """An open file. `after_change` is called where something was rolled back, or written elsewhere."""

    def __init__(self, folder: Path, *, create: bool, read_only: bool) -> None:
        """Open the file, or make it; raise EvidenceError (RF916)."""
        path = folder / _FILE
        self.lock = threading.RLock()
        self._version = 0
        self.after_change: Callable[[], None] = lambda: None
        if create:
            with reported():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600, exist_ok=False)
        elif not path.is_file():
            raise EvidenceError("RF916", "the folder holds no personal store")
        with reported():
            place = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
            self.connection = sqlite3.connect(
                place, uri=True, check_same_thread=False, isolation_level=None
            )

    def prepare(self, mark: bytes | None) -> bytes:
        """Make the tables with a mark, if one is told, and return the file's mark."""
        with reported():
            # Freed pages are overwritten, and no journal stays behind.
            self.connection.execute("PRAGMA secure_delete = ON")
            self.connection.execute("PRAGMA journal_mode = DELETE")
            self.connection.execute("PRAGMA synchronous = EXTRA")
            if mark is not None:
                self.begin()
                for statement in _TABLES:
                    self.connection.execute(statement)
                self.connection.execute("INSERT INTO about VALUES (1, ?, ?)", (_VERSION, mark))
                self.connection.execute("COMMIT")
            row = self.connection.execute("SELECT version, mark FROM about").fetchone()
        if row is None or row[0] != _VERSION:
            raise EvidenceError("RF916", "the personal store has an unknown version")
        return bytes(row[1])

    @contextlib.contextmanager
    def working(self) -> Iterator[sqlite3.Connection]:
        """Work alone; after a failure nothing is taken for kept that may have been rolled back."""
        with self.lock, reported():
            try:
                yield self.connection
            except sqlite3.Error:
                self.after_change()
                with contextlib.suppress(sqlite3.Error):
                    self.connection.rollback()
                raise

    def begin(self) -> None:
        """Begin a transaction, unless there is one; what another process has written is seen from then on."""
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN IMMEDIATE")
            (version,) = self.connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._version = version
                self.after_change()

    def flush(self) -> None:
        """Make durable what was written."""
        with self.working():
            if self.connection.in_transaction:
                self.connection.execute("COMMIT")

    def rewrite(self) -> None:
        """Write the file anew: SQLite leaves copies of rows that it has moved between pages."""
        with self.working():
            self.flush()
            self.connection.execute("VACUUM")

    def close(self) -> None:
        """Make all durable, and close the file."""
        with self.lock, contextlib.closing(self.connection):
            self.flush()


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Turn errors of the file and its disk into RF916."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        said = type(error).__name__
        raise EvidenceError("RF916", f"the personal store cannot be used: {said}") from None
