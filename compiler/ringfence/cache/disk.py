"""The cache's file on disk: whose it is, who uses it, and how it is opened and made anew."""

import fcntl
import os
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.cache.schema import prepare

__all__ = ["CacheFile", "open_file"]

_NAME: Final = "tenants.sqlite"
_WAIT: Final = 5.0  # seconds for another process to finish its transaction


@dataclass(frozen=True, slots=True)
class CacheFile:
    """A file that is ours to use while `lock`, the descriptor of a lock file, is held."""

    path: Path
    lock: int

    def connect(self) -> sqlite3.Connection:
        """Open the database; raise sqlite3.Error or OSError where that can't be done."""
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None)
        try:
            prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def remove(self) -> None:
        """Delete the file unless another process has it open; raise OSError then.

        Its journal goes with it: SQLite would play it into the next file of this name.
        """
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in (_NAME, f"{_NAME}-journal"):
            self.path.with_name(name).unlink(missing_ok=True)
        fcntl.flock(self.lock, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def release(self) -> None:
        """Let go of the lock."""
        os.close(self.lock)


def open_file(folder: Path) -> CacheFile:
    """Make the folder, for its user alone, and take the file in it; raise OSError where it is not safe."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write to `{folder}`")
    descriptor = os.open(
        folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return CacheFile(path=folder / _NAME, lock=descriptor)
