"""Which records stand that may stand once, and where those of rare kinds do; it can be rebuilt at any time.

Decisions wait in memory until a page of the file is worth its writing: the log has them, and whoever opens
the index after a crash brings up what it lacks.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind
from ringfence.ledger.subject import Subject, decision_key, decision_prefix

__all__ = ["LedgerIndex"]

_VERSION: Final = 4
_KEY: Final = 32
_MOST_KEYS: Final = 500
_MOST_WAITING: Final = 4096
_TABLES: Final = (
    "CREATE TABLE seen (key BLOB, position INTEGER, leaf BLOB, PRIMARY KEY (key)) WITHOUT ROWID",
    "CREATE TABLE conflict (key BLOB, leaf BLOB, PRIMARY KEY (key, leaf)) WITHOUT ROWID",
    "CREATE TABLE kind (kind TEXT, position INTEGER, PRIMARY KEY (kind, position)) WITHOUT ROWID",
    "CREATE TABLE reach (one INTEGER PRIMARY KEY, version INTEGER, size INTEGER, leaf BLOB)",
)
_DIGESTED: Final = (
    "SELECT * FROM seen ORDER BY 1, 2, 3",
    "SELECT * FROM conflict ORDER BY 1, 2",
    "SELECT * FROM kind ORDER BY 1, 2",
    "SELECT * FROM reach",
)


class LedgerIndex:
    """An SQLite file; every method raises EvidenceError (RF957) where it cannot be used."""

    def __init__(self, path: Path) -> None:
        """Open the index; one that is broken or of another version is begun anew."""
        self._path = path
        self._waiting: dict[bytes, tuple[int, bytes]] = {}
        try:
            self._connection = _connect(path)
            row = self._connection.execute("SELECT version, size, leaf FROM reach").fetchone()
        except sqlite3.DatabaseError:
            row = None
        if row is not None and row[0] == _VERSION:
            self._written = self.size, self.leaf = int(row[1]), bytes(row[2])
        else:
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        with _reported():
            with contextlib.suppress(AttributeError):
                self._connection.close()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._connection = _connect(self._path)
            for statement in _TABLES:
                self._connection.execute(statement)
            self._connection.execute("INSERT INTO reach VALUES (1, ?, 0, x'')", (_VERSION,))
        self._waiting.clear()
        self._written = self.size, self.leaf = 0, b""

    def close(self) -> None:
        """Write what waits, and close the file; what cannot be written is brought up later."""
        with contextlib.suppress(EvidenceError):
            self.flush()
        self._connection.close()

    def seen(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Return, for the keys that are known, position and leaf hash of what came first."""
        waiting = self._waiting
        found = {key: waiting[key] for key in keys if key in waiting}
        asked = [key for key in keys if key not in found] if found else keys
        for start in range(0, len(asked), _MOST_KEYS):
            some = asked[start : start + _MOST_KEYS]
            marks = ", ".join(["?"] * len(some))
            query = f"SELECT key, position, leaf FROM seen WHERE key IN ({marks})"  # noqa: S608 # only marks
            with _reported():
                for key, position, leaf in self._connection.execute(query, some):
                    found[key] = (position, leaf)
        return found

    def decisions(self, decision_id: str) -> tuple[int, ...]:
        """Return the positions of the decisions with this id, one for each principal that delivered it."""
        first = decision_prefix(decision_id)
        waiting = [at for key, (at, _) in self._waiting.items() if key.startswith(first)]
        last = first + b"\xff" * (_KEY - len(first))
        query = "SELECT position FROM seen WHERE key BETWEEN ? AND ? ORDER BY position"
        return (*self._positions(query, first, last), *waiting)

    def has_conflict(self, key: bytes, leaf: bytes) -> bool:
        """Tell whether a conflict record names this leaf hash for a key."""
        return self._one("SELECT 1 FROM conflict WHERE key = ? AND leaf = ?", key, leaf) is not None

    def kind(self, kind: str) -> tuple[int, ...]:
        """Return the positions of all records of a kind other than `decision`."""
        return self._positions("SELECT position FROM kind WHERE kind = ? ORDER BY position", kind)

    def add(self, subjects: Sequence[Subject], leaves: Sequence[bytes]) -> None:
        """Add the records that follow, all or none."""
        if not subjects:
            return
        rare: list[tuple[int, Subject]] = []
        for position, (one, leaf) in enumerate(zip(subjects, leaves, strict=True), start=self.size):
            if one.key:
                self._waiting.setdefault(one.key, (position, leaf))
            if one.kind is not RecordKind.DECISION:
                rare.append((position, one))
        self.size, self.leaf = self.size + len(subjects), leaves[-1]
        if rare or len(self._waiting) >= _MOST_WAITING:
            self._write(rare)

    def flush(self) -> None:
        """Write what waits in memory."""
        self._write([])

    def _write(self, rare: Sequence[tuple[int, Subject]]) -> None:
        """Write all that waits, with records of other kinds; where that fails, the index is as the file."""
        keyed = [(key, position, leaf) for key, (position, leaf) in self._waiting.items()]
        conflicts = [
            (decision_key(one.principal, one.decision_id), one.other)
            for _, one in rare
            if one.kind is RecordKind.CONFLICT
        ]
        try:
            with _reported(), self._transaction():
                many = self._connection.executemany
                many("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", keyed)
                many("INSERT OR IGNORE INTO conflict VALUES (?, ?)", conflicts)
                many("INSERT INTO kind VALUES (?, ?)", [(one.kind.value, n) for n, one in rare])
                many("UPDATE reach SET size = ?, leaf = ?", [(self.size, self.leaf)])
        except EvidenceError:
            self.size, self.leaf = self._written
            raise
        else:
            self._written = self.size, self.leaf
        finally:
            self._waiting.clear()

    def digest(self) -> str:
        """Return a digest of all that the index says, to compare two of them."""
        self.flush()
        digest = hashlib.sha256()
        with _reported():
            for query in _DIGESTED:
                for row in self._connection.execute(query):
                    digest.update(repr(row).encode())
        return digest.hexdigest()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def _one(self, query: str, *values: str | bytes) -> tuple[Any, ...] | None:
        with _reported():
            row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row

    def _positions(self, query: str, *values: str | bytes) -> tuple[int, ...]:
        with _reported():
            return tuple(int(row[0]) for row in self._connection.execute(query, values))


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file whose commits survive a crash of the program; the log itself survives the rest."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise EvidenceError(
            "RF957", f"the index cannot be used ({type(error).__name__})"
        ) from error
