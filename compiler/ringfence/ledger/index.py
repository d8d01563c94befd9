"""Which decisions were taken, and where the few other records stand; it can be rebuilt at any time."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind
from ringfence.ledger.subject import Subject, decision_key

__all__ = ["LedgerIndex"]

_VERSION: Final = 2
_MOST_KEYS: Final = 500
_TABLES: Final = (
    "seen (key BLOB, position INTEGER, leaf BLOB, PRIMARY KEY (key)) WITHOUT ROWID",
    "conflict (key BLOB, leaf BLOB, PRIMARY KEY (key, leaf)) WITHOUT ROWID",
    "kind (kind TEXT, position INTEGER, PRIMARY KEY (kind, position)) WITHOUT ROWID",
    "reach (one INTEGER PRIMARY KEY, version INTEGER, size INTEGER, leaf BLOB)",
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
        try:
            self._connection = _connect(path)
            row = self._connection.execute("SELECT version, size, leaf FROM reach").fetchone()
        except sqlite3.DatabaseError:
            row = None
        if row is not None and row[0] == _VERSION:
            self.size, self.leaf = int(row[1]), bytes(row[2])
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
            for table in _TABLES:
                self._connection.execute(f"CREATE TABLE {table}")
            self._connection.execute("INSERT INTO reach VALUES (1, ?, 0, x'')", (_VERSION,))
        self.size, self.leaf = 0, b""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def seen(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Return, for the keys that are known, position and leaf hash of what came first."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for start in range(0, len(keys), _MOST_KEYS):
            some = keys[start : start + _MOST_KEYS]
            marks = ", ".join(["?"] * len(some))
            query = f"SELECT key, position, leaf FROM seen WHERE key IN ({marks})"  # noqa: S608 # only marks
            with _reported():
                for key, position, leaf in self._connection.execute(query, some):
                    found[key] = (position, leaf)
        return found

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
        numbered = list(enumerate(subjects, start=self.size))
        keyed = [
            (key, n, leaf)
            for (n, one), leaf in zip(numbered, leaves, strict=True)
            if (key := one.key)
        ]
        conflicts = [
            (decision_key(one.principal, one.decision_id), one.other)
            for _, one in numbered
            if one.kind is RecordKind.CONFLICT
        ]
        size, leaf = self.size + len(numbered), leaves[-1]
        with _reported(), self._transaction():
            many = self._connection.executemany
            many("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", keyed)
            many("INSERT OR IGNORE INTO conflict VALUES (?, ?)", conflicts)
            many(
                "INSERT INTO kind VALUES (?, ?)",
                [(one.kind.value, n) for n, one in numbered if one.kind is not RecordKind.DECISION],
            )
            many("UPDATE reach SET size = ?, leaf = ?", [(size, leaf)])
        self.size, self.leaf = size, leaf

    def digest(self) -> str:
        """Return a digest of all that the index says, to compare two of them."""
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

    def _positions(self, query: str, *values: str) -> tuple[int, ...]:
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
