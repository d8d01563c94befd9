"""The personal store: values and salts, each under a key of its tenant, period and subject.

Destroying a key is what erases: without it, nothing that it sealed can be read, and no commitment of it can
be guessed. The rows stay, so that what was erased is known to be.
"""

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ringfence.errors import InternalError
from ringfence.evidence.error import EvidenceError
from ringfence.personal.commitment import Opening, commitment, salt_of
from ringfence.personal.sealing import Sealing

__all__ = ["Erased", "Found", "KeyScope", "PersonalStore", "State"]

_FILE: Final = "personal.sqlite"
_TABLES: Final = (
    "about (one INTEGER PRIMARY KEY, version INTEGER, mark BLOB)",
    "key (id INTEGER PRIMARY KEY, tenant TEXT, period TEXT, tag BLOB, sealed BLOB,"
    " UNIQUE (tenant, period, tag))",
    "fact (committed BLOB PRIMARY KEY, key INTEGER, sealed BLOB) WITHOUT ROWID",
    "pending (id TEXT PRIMARY KEY, body TEXT)",
)
_MARK: Final = b"ringfence personal store"
_MOST_KEYS: Final = 10_000
_ALL: Final = b"*"
"""The tag of a whole period that was erased: nothing new is kept of it."""


class State(StrEnum):
    """What the store has of a commitment."""

    SHOWN = "shown"
    ERASED = "erased"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Found:
    """What the store has of a commitment, and its value where that is shown."""

    state: State
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyScope:
    """Whose keys: a tenant's, of one period or all, of one subject or all."""

    tenant: str
    period: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many keys were destroyed, of which periods, and how many facts went with them."""

    keys: int
    facts: int
    periods: tuple[str, ...]


class PersonalStore:
    """An SQLite file in a folder. Its methods may be called from any thread; raise EvidenceError."""

    def __init__(self, folder: Path, *, secret: bytes, create: bool = False) -> None:
        """Open a store, or make it; RF916 where it is not there, or of another key."""
        self.folder, self._sealing = folder, Sealing(secret)
        self._keys: dict[tuple[str, str, str], tuple[int, bytes | None]] = {}
        self._lock = threading.RLock()
        path = folder / _FILE
        if create:
            with _reported():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600, exist_ok=False)
        elif not path.is_file():
            raise EvidenceError("RF916", "the folder holds no personal store")
        with _reported():
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(create=create)
        except BaseException:
            self._connection.close()
            raise

    def commit(
        self, opening: tuple[str, Any], *, scope: KeyScope, event: tuple[str, str]
    ) -> str | None:
        """Keep a fact's name and value, and return its commitment in hex; None where it was erased.

        `event` is principal and decision id. Nothing is durable before `flush`.
        """
        if scope.period is None or scope.subject is None:
            raise InternalError("a fact without a period or subject")
        with self._working():
            key_id, key = self._key(scope.tenant, scope.period, scope.subject)
            if key is None:
                return None
            name, value = opening
            made = Opening(name, value, salt_of(key, *event, name))
            committed = commitment(made)
            sealed = Sealing(key).seal(made.encode(), about=committed)
            self._begin()
            row = (committed, key_id, sealed)
            self._connection.execute("INSERT OR IGNORE INTO fact VALUES (?, ?, ?)", row)
            return committed.hex()

    def flush(self) -> None:
        """Make durable what was committed to."""
        with self._working():
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")

    def find(self, committed: str, *, name: str) -> Found:
        """Return what there is of a commitment to a fact; RF918 where the value does not fit it."""
        with self._working():
            try:
                raw = bytes.fromhex(committed)
            except ValueError:
                return Found(State.ABSENT)
            row = self._connection.execute(
                "SELECT fact.sealed, key.tenant, key.period, key.tag, key.sealed FROM fact"
                " JOIN key ON key.id = fact.key WHERE committed = ?",
                (raw,),
            ).fetchone()
        if row is None:
            return Found(State.ABSENT)
        sealed, tenant, period, tag, wrapped = row
        if sealed is None or wrapped is None:
            return Found(State.ERASED)
        key = self._sealing.open(wrapped, about=_about(tenant, period, tag))
        opening = Opening.decode(Sealing(key).open(sealed, about=raw))
        if opening.name != name or not opening.opens(raw):
            raise EvidenceError(
                "RF918", "a value in the personal store does not fit its commitment"
            )
        return Found(State.SHOWN, opening.value)

    def periods(self, scope: KeyScope) -> tuple[str, ...]:
        """Return the periods of which keys of the scope are still there."""
        return tuple(sorted({period for _, period in self._alive(scope)}))

    def erase(self, scope: KeyScope, *, note: Callable[[Erased], tuple[str, str]]) -> Erased:
        """Destroy the keys of a scope with all that they sealed, and keep a note until it is recorded.

        `note` makes an id and what is to be recorded; both are durable with the erasure, or neither.
        Where the scope names a period, nothing more is kept of it later.
        """
        with self._working():
            self.flush()
            alive = self._alive(scope)
            self._begin()
            facts = sum(self._destroy(key_id) for key_id, _ in alive)
            for period in {scope.period} if scope.period else {one for _, one in alive}:
                self._close(scope, period)
            found = Erased(
                keys=len(alive), facts=facts, periods=tuple(sorted({one for _, one in alive}))
            )
            self._connection.execute("INSERT INTO pending VALUES (?, ?)", note(found))
            self._connection.execute("COMMIT")
            self._keys.clear()
            return found

    def pending(self) -> tuple[tuple[str, str], ...]:
        """Return the notes of erasures that no ledger has recorded yet."""
        with self._working():
            return tuple(self._connection.execute("SELECT id, body FROM pending ORDER BY rowid"))

    def recorded(self, id: str) -> None:
        """Forget a note, once its record is durable in the ledger."""
        with self._working():
            self.flush()
            self._connection.execute("DELETE FROM pending WHERE id = ?", (id,))

    def close(self) -> None:
        """Make all durable, and close the file."""
        with self._lock, contextlib.closing(self._connection):
            self.flush()

    def _prepare(self, *, create: bool) -> None:
        with _reported():
            # Freed pages are overwritten, and no journal stays behind.
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.execute("PRAGMA synchronous = EXTRA")
            if create:
                self._begin()
                for table in _TABLES:
                    self._connection.execute(f"CREATE TABLE {table}")
                mark = self._sealing.seal(_MARK, about=_MARK)
                self._connection.execute("INSERT INTO about VALUES (1, 1, ?)", (mark,))
                self._connection.execute("COMMIT")
            row = self._connection.execute("SELECT version, mark FROM about").fetchone()
        if row is None or row[0] != 1:
            raise EvidenceError("RF916", "the personal store has an unknown version")
        self._sealing.open(row[1], about=_MARK)

    def _key(self, tenant: str, period: str, subject: str) -> tuple[int, bytes | None]:
        """Return a scope's key, made where there is none; None where it was destroyed."""
        names = (tenant, period, subject)
        if names in self._keys:
            return self._keys[names]
        tag = self._sealing.tag(*names)
        rows = self._connection.execute(
            "SELECT id, sealed, tag FROM key WHERE tenant = ? AND period = ? AND tag IN (?, ?)",
            (tenant, period, tag, _ALL),
        ).fetchall()
        found: tuple[int, bytes | None]
        destroyed = [row for row in rows if row[1] is None]
        if destroyed:
            found = destroyed[0][0], None
        elif rows:
            found = rows[0][0], self._sealing.open(rows[0][1], about=_about(tenant, period, tag))
        else:
            found = self._make_key(tenant, period, tag)
        if len(self._keys) >= _MOST_KEYS:
            self._keys.clear()
        self._keys[names] = found
        return found

    def _make_key(self, tenant: str, period: str, tag: bytes) -> tuple[int, bytes]:
        key = secrets.token_bytes(32)
        sealed = self._sealing.seal(key, about=_about(tenant, period, tag))
        self._begin()
        made = self._connection.execute(
            "INSERT INTO key (tenant, period, tag, sealed) VALUES (?, ?, ?, ?)",
            (tenant, period, tag, sealed),
        )
        assert made.lastrowid is not None
        return made.lastrowid, key

    def _alive(self, scope: KeyScope) -> list[tuple[int, str]]:
        rows = self._connection.execute(
            "SELECT id, period, tag FROM key WHERE tenant = ? AND sealed IS NOT NULL",
            (scope.tenant,),
        ).fetchall()
        return [
            (key_id, period)
            for key_id, period, tag in rows
            if scope.period in (None, period)
            and (scope.subject is None or tag == self._tag(scope, period))
        ]

    def _destroy(self, key_id: int) -> int:
        changed = self._connection.execute(
            "UPDATE fact SET sealed = NULL WHERE key = ? AND sealed IS NOT NULL", (key_id,)
        )
        self._connection.execute("UPDATE key SET sealed = NULL WHERE id = ?", (key_id,))
        return changed.rowcount

    def _close(self, scope: KeyScope, period: str) -> None:
        """Keep out what would come later of what was erased."""
        tag = _ALL if scope.subject is None else self._tag(scope, period)
        self._connection.execute(
            "INSERT OR IGNORE INTO key (tenant, period, tag, sealed) VALUES (?, ?, ?, NULL)",
            (scope.tenant, period, tag),
        )

    def _tag(self, scope: KeyScope, period: str) -> bytes:
        return self._sealing.tag(scope.tenant, period, scope.subject or "")

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """Work alone; after a failure nothing is taken for kept that may have been rolled back."""
        with self._lock, _reported():
            try:
                yield
            except sqlite3.Error:
                self._keys.clear()
                with contextlib.suppress(sqlite3.Error):
                    self._connection.rollback()
                raise

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")


def _about(tenant: str, period: str, tag: bytes) -> bytes:
    return f"{tenant}\n{period}\n".encode() + tag


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        said = type(error).__name__
        raise EvidenceError("RF916", f"the personal store cannot be used: {said}") from None
