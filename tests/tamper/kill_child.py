"""A program that lets one process after another write a ledger, each killed at the next disk operation.

Each says in `said`, in its folder, what was acknowledged to it and which notes it was given.
"""

import base64
import os
import signal
import sys
from pathlib import Path

from tests.ledger.samples import FIRST, ORIGIN, Clock
from tests.ledger.test_index import decision

from ringfence.ledger.disk import Disk
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger


class KillingDisk(Disk):
    """Counts operations, and kills this process at one of them: a write is done by half before."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def create(self, path: Path) -> int:
        """Count, then create."""
        self._count()
        return super().create(path)

    def write(self, handle: int, content: bytes) -> None:
        """Count, and write; or write half, and be killed."""
        if self._left == 1:
            super().write(handle, content[: len(content) // 2])
        self._count()
        super().write(handle, content)

    def cut(self, handle: int, size: int) -> None:
        """Count, then truncate."""
        self._count()
        super().cut(handle, size)

    def sync(self, handle: int) -> None:
        """Count, then sync."""
        self._count()
        super().sync(handle)

    def sync_folder(self, path: Path) -> None:
        """Count, then sync the names."""
        self._count()
        super().sync_folder(path)

    def rename(self, old: Path, new: Path) -> None:
        """Count, then rename."""
        self._count()
        super().rename(old, new)

    def remove(self, path: Path) -> None:
        """Count, then remove."""
        self._count()
        super().remove(path)


def live(folder: Path, number: int) -> None:
    """Write a ledger until killed at this operation, or to the end."""
    folder.mkdir()
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sound = Settings(keys=(FIRST,), clock=Clock(), segment_size=3000)
    Ledger.create(folder / "ledger", origin=ORIGIN, settings=sound).close()
    settings = Settings(keys=(FIRST,), clock=Clock(), segment_size=3000, disk=KillingDisk(number))
    ledger = Ledger.open(folder / "ledger", settings=settings)
    for start in range(0, 60, 12):
        ledger.append([decision(n) for n in range(start, start + 12)])
        os.write(said, f"held {start}\n".encode())
        if start % 24 == 0:
            os.write(said, b"note " + base64.b64encode(ledger.checkpoint().note) + b"\n")
    ledger.close()
    os.write(said, b"end\n")


def main() -> None:
    """Let processes live until one comes to the end."""
    base, number, status = Path(sys.argv[1]), 0, -1
    while status:
        number += 1
        child = os.fork()
        if child == 0:
            try:
                live(base / f"{number:03}", number)
            except BaseException:
                os._exit(3)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status not in (0, signal.SIGKILL):
            sys.exit(f"process {number} ended with status {status}")


if __name__ == "__main__":
    main()
