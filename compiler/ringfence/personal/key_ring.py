"""The keys of a personal store, one a tenant, period and subject, and their destruction."""

import secrets
from typing import Final

from ringfence.personal.database import Database
from ringfence.personal.scope import KeyScope
from ringfence.personal.sealing import Sealing

__all__ = ["ERASURES", "KeyRing"]

ERASURES: Final = "erasures"
"""The period of what erasures say of themselves: who erased, and why."""

_MOST_KEYS: Final = 10_000
_ALL: Final = b"*"
"""The tag of a whole period that was erased: nothing new is kept of it."""


class KeyRing:
    """The keys of a database, which themselves are sealed. Its callers hold the database's lock."""

    def __init__(self, database: Database, *, sealing: Sealing) -> None:
        self._database, self._sealing = database, sealing
        self._keys: dict[tuple[str, str, str], tuple[int, bytes | None]] = {}
        database.after_change = self.forget

    def forget(self) -> None:
        """Read every key anew from the file."""
        self._keys.clear()

    def key(self, tenant: str, period: str, subject: str) -> tuple[int, bytes | None]:
        """Return a key and its number, made where there is none; None where it was destroyed."""
        names = (tenant, period, subject)
        if names in self._keys:
            return self._keys[names]
        tag = self._sealing.tag(*names)
        rows = self._database.connection.execute(
            "SELECT id, sealed, tag FROM key WHERE tenant = ? AND period = ? AND tag IN (?, ?)",
            (tenant, period, tag, _ALL),
        ).fetchall()
        found: tuple[int, bytes | None]
        destroyed = [row for row in rows if row[1] is None]
        if destroyed:
            found = destroyed[0][0], None
        elif rows:
            found = rows[0][0], self.opened(rows[0][1], tenant, period, tag)
        else:
            found = self._make(tenant, period, tag)
        if len(self._keys) >= _MOST_KEYS:
            self._keys.clear()
        self._keys[names] = found
        return found

    def opened(self, sealed: bytes, tenant: str, period: str, tag: bytes) -> bytes:
        """Return the key of a row; raise EvidenceError (RF916)."""
        return self._sealing.open(sealed, about=_about(tenant, period, tag))

    def alive(self, scope: KeyScope) -> list[tuple[int, str]]:
        """Return number and period of the keys of a scope that are there.

        Those of `ERASURES` belong to a scope that names this period, or a subject.
        """
        rows = self._database.connection.execute(
            "SELECT id, period, tag FROM key WHERE tenant = ? AND sealed IS NOT NULL",
            (scope.tenant,),
        ).fetchall()
        return [
            (number, period)
            for number, period, tag in rows
            if scope.period == period
            or (scope.period is None and (period != ERASURES or scope.subject is not None))
            if scope.subject is None or tag == self._tag(scope, period)
        ]

    def destroy(self, number: int) -> int:
        """Destroy a key with all that it sealed, and count that."""
        connection = self._database.connection
        changed = connection.execute(
            "UPDATE fact SET sealed = NULL WHERE key = ? AND sealed IS NOT NULL", (number,)
        )
        connection.execute("UPDATE key SET sealed = NULL WHERE id = ?", (number,))
        return changed.rowcount

    def shut(self, scope: KeyScope, period: str) -> None:
        """Keep out what would come later of what was erased."""
        tag = _ALL if scope.subject is None else self._tag(scope, period)
        self._database.connection.execute(
            "INSERT OR IGNORE INTO key (tenant, period, tag, sealed) VALUES (?, ?, ?, NULL)",
            (scope.tenant, period, tag),
        )

    def _make(self, tenant: str, period: str, tag: bytes) -> tuple[int, bytes]:
        key = secrets.token_bytes(32)
        sealed = self._sealing.seal(key, about=_about(tenant, period, tag))
        self._database.begin()
        made = self._database.connection.execute(
            "INSERT INTO key (tenant, period, tag, sealed) VALUES (?, ?, ?, ?)",
            (tenant, period, tag, sealed),
        )
        assert made.lastrowid is not None
        return made.lastrowid, key

    def _tag(self, scope: KeyScope, period: str) -> bytes:
        return self._sealing.tag(scope.tenant, period, scope.subject or "")


def _about(tenant: str, period: str, tag: bytes) -> bytes:
    return f"{tenant}\n{period}\n".encode() + tag
