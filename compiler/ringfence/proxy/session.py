"""The state of a session, in one SQLite file that its proxies share: what it used, and what drifted."""

import hashlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio

from ringfence.errors import UsageError
from ringfence.proxy.budget import COUNTED, Used
from ringfence.proxy.identity import Identity

__all__ = ["BusyError", "Session", "Turn"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS session (
  id INTEGER PRIMARY KEY CHECK (id = 1), began REAL NOT NULL, calls INTEGER NOT NULL,
  size INTEGER NOT NULL, pipeline_runs INTEGER NOT NULL, credential_requests INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS spent (approval TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS drift (server TEXT PRIMARY KEY, tools INTEGER NOT NULL) STRICT;
"""
_AGAIN: Final = 0.002


class BusyError(Exception):
    """Another call of the session held it for too long."""


class Turn:
    """The session while one call is decided: no other call of it is, in this proxy or another."""

    def __init__(self, database: sqlite3.Connection, *, seconds: float) -> None:
        self._database = database
        self._seconds = seconds

    def used(self) -> Used:
        """Return what the session has used before this call."""
        row = self._database.execute(
            "SELECT calls, size, pipeline_runs, credential_requests FROM session"
        ).fetchone()
        calls, size, runs, requests = row
        return Used(
            calls=calls, size=size, pipeline_runs=runs, credential_requests=requests,
            seconds=self._seconds,
        )  # fmt: skip

    def reserve(self, *, also: Iterable[str], size: int, approvals: Iterable[str]) -> None:
        """Count a call, its bytes, and what else the policy says; the approvals count no more."""
        runs, requests = (int(name in set(also)) for name in COUNTED)
        self._database.execute(
            "UPDATE session SET calls = calls + 1, size = size + ?, "
            "pipeline_runs = pipeline_runs + ?, credential_requests = credential_requests + ?",
            (size, runs, requests),
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO spent VALUES (?)", [(one,) for one in approvals]
        )

    def receive(self, size: int) -> None:
        """Count the bytes of an answer."""
        self._database.execute("UPDATE session SET size = size + ?", (size,))

    def spent(self) -> frozenset[str]:
        """Return the ids of the approvals that have let a call out."""
        return frozenset(one for (one,) in self._database.execute("SELECT approval FROM spent"))

    def drifted(self, server: str, tools: int) -> int:
        """Note how many tools of a server drifted, and return how many of all servers did."""
        self._database.execute("INSERT OR REPLACE INTO drift VALUES (?, ?)", (server, tools))
        (count,) = self._database.execute("SELECT sum(tools) FROM drift").fetchone()
        return int(count)


class Session:
    """A session that outlives its proxies where it has a folder, and ends with this one otherwise.

    Age is counted by the clock that a user can set, and never less than this process has run.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        who: Identity,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now, self._clock = now, clock
        self._lock = anyio.Lock()
        self._unwritten = 0
        try:
            self._database = _open(folder, who=who, now=now())
            (began,) = self._database.execute("SELECT began FROM session").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"the session's state cannot be opened: {type(error).__name__}",
                help="give a folder that this user may write to, on a local disk",
            ) from None
        self._began = float(began)
        self._opened, self._age = clock(), max(now() - self._began, 0.0)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @asynccontextmanager
    async def turn(self, *, within: float) -> AsyncIterator[Turn]:
        """Wait for the session, `within` seconds, and keep what was counted where nothing is raised.

        Raise BusyError, or sqlite3.Error where the file cannot be read or written.
        """
        try:
            with anyio.fail_after(within):
                await self._lock.acquire()
                try:
                    await self._begin()
                except BaseException:
                    self._lock.release()
                    raise
        except TimeoutError:
            raise BusyError from None
        try:
            turn = Turn(self._database, seconds=self._seconds())
            yield turn
            turn.receive(self._unwritten)
            self._database.execute("COMMIT")
            self._unwritten = 0
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            self._lock.release()

    async def received(self, size: int, *, within: float) -> None:
        """Count the bytes of an answer, at the latest with the next call."""
        self._unwritten += size
        try:
            async with self.turn(within=within):
                pass
        except (BusyError, sqlite3.Error):
            return

    async def _begin(self) -> None:
        while True:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            await anyio.sleep(_AGAIN)

    def _seconds(self) -> float:
        return max(self._age + self._clock() - self._opened, self._now() - self._began)


def _open(folder: Path | None, *, who: Identity, now: float) -> sqlite3.Connection:
    place = ":memory:"
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        named = json.dumps([who.tenant, who.environment, who.agent, who.session])
        place = str(folder / f"{hashlib.sha256(named.encode()).hexdigest()}.sqlite")
    database = sqlite3.connect(place, timeout=5.0, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
        database.execute("INSERT OR IGNORE INTO session VALUES (1, ?, 0, 0, 0, 0)", (now,))
        database.execute("PRAGMA busy_timeout = 0")
    except sqlite3.Error:
        database.close()
        raise
    return database
