"""The tables of the cache's file: entries by key, and which of them recent runs used."""

import sqlite3
from typing import Final

__all__ = ["ForeignFileError", "prepare", "prune"]

_APPLICATION: Final = 0x52464331  # "RFC1"
_VERSION: Final = 1
_KEY: Final = 32  # bytes
_RUNS_EACH: Final = 3  # of one command over one repository
_RUNS: Final = 24

_TABLES: Final = (
    "CREATE TABLE entries (key BLOB PRIMARY KEY, digest BLOB NOT NULL, value BLOB NOT NULL)",
    "CREATE TABLE runs (number INTEGER PRIMARY KEY, run TEXT NOT NULL, keys BLOB NOT NULL)",
    "PRAGMA application_id = 1380336433",
    "PRAGMA user_version = 1",
)


class ForeignFileError(sqlite3.DatabaseError):
    """The file is a database of another program."""

    sqlite_errorcode = sqlite3.SQLITE_NOTADB


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file; raise sqlite3.Error for a file that is not ours.

    Two processes may try at once.
    """
    # A crash of the machine may damage the file: it is then made anew.
    connection.execute("PRAGMA synchronous = OFF")
    if _is_ours(connection):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _is_ours(connection):
            return
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise ForeignFileError("the file belongs to another program or version")
        for statement in _TABLES:
            connection.execute(statement)


def _is_ours(connection: sqlite3.Connection) -> bool:
    found = [
        connection.execute(pragma).fetchone()[0]
        for pragma in ("PRAGMA application_id", "PRAGMA user_version")
    ]
    return found == [_APPLICATION, _VERSION]


def prune(connection: sqlite3.Connection, *, run: str, used: bytes) -> None:
    """Note the keys that a run used, joined, and delete entries that no recent run did."""
    connection.execute("INSERT INTO runs (run, keys) VALUES (?, ?)", (run, used))
    connection.execute(
        "DELETE FROM runs WHERE run = ? AND number NOT IN"
        " (SELECT number FROM runs WHERE run = ? ORDER BY number DESC LIMIT ?)",
        (run, run, _RUNS_EACH),
    )
    connection.execute(
        "DELETE FROM runs WHERE number NOT IN"
        " (SELECT number FROM runs ORDER BY number DESC LIMIT ?)",
        (_RUNS,),
    )
    live: set[bytes] = set()
    for (keys,) in connection.execute("SELECT keys FROM runs"):
        live.update(keys[at : at + _KEY] for at in range(0, len(keys), _KEY))
    dead = [row for row in connection.execute("SELECT key FROM entries") if row[0] not in live]
    connection.executemany("DELETE FROM entries WHERE key = ?", dead)
