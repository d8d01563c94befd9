"""A disk that fails on demand, and that forgets at a power cut what was never synced."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.ledger.disk import Disk


class PowerCut(BaseException):
    """The machine stops here; no handler of ours runs on a real one, so none may catch this."""


@dataclass
class _File:
    """A file's content as programs see it, and as the platter has it."""

    seen: bytes = b""
    kept: bytes = b""


@dataclass
class FaultyDisk(Disk):
    """Counts operations; `fault` is called before each with its number and name, and may raise.

    `cut_power` puts the folder back to what was durable: unsynced bytes are gone, or there in part, or
    zeros; unsynced names are as they were. A write that `fault` refuses is done by half.
    """

    fault: Callable[[int, str], None] = lambda number, name: None
    operations: list[str] = field(default_factory=list)
    _files: dict[Path, _File] = field(default_factory=dict)
    _kept: dict[Path, _File] = field(default_factory=dict)
    _handles: dict[int, Path] = field(default_factory=dict)

    def _count(self, name: str) -> None:
        self.operations.append(name)
        self.fault(len(self.operations), name)

    def _now(self, path: Path) -> _File:
        if path not in self._files:
            content = path.read_bytes()
            self._files[path] = self._kept[path] = _File(content, content)
        return self._files[path]

    def create(self, path: Path) -> int:
        """Count, then create."""
        self._count("create")
        handle = super().create(path)
        self._files[path] = _File()
        self._handles[handle] = path
        return handle

    def open(self, path: Path) -> int:
        """Count, then open."""
        self._count("open")
        self._now(path)
        handle = super().open(path)
        self._handles[handle] = path
        return handle

    def write(self, handle: int, content: bytes) -> None:
        """Count, then write; a refused write leaves half."""
        file = self._files[self._handles[handle]]
        try:
            self._count("write")
        except BaseException:
            half = content[: len(content) // 2]
            super().write(handle, half)
            file.seen += half
            raise
        super().write(handle, content)
        file.seen += content

    def cut(self, handle: int, size: int) -> None:
        """Count, then truncate."""
        self._count("cut")
        super().cut(handle, size)
        file = self._files[self._handles[handle]]
        file.seen = file.seen[:size]

    def sync(self, handle: int) -> None:
        """Count, then sync."""
        self._count("sync")
        super().sync(handle)
        file = self._files[self._handles[handle]]
        file.kept = file.seen

    def sync_folder(self, path: Path) -> None:
        """Count, then sync the names."""
        self._count("sync_folder")
        super().sync_folder(path)
        for name in [one for one in self._kept if one.parent == path]:
            del self._kept[name]
        self._kept |= {name: file for name, file in self._files.items() if name.parent == path}

    def rename(self, old: Path, new: Path) -> None:
        """Count, then rename."""
        self._count("rename")
        if new.exists():
            self._now(new)
        super().rename(old, new)
        self._files[new] = self._files.pop(old)
        for handle, path in self._handles.items():
            if path == old:
                self._handles[handle] = new

    def remove(self, path: Path) -> None:
        """Count, then remove."""
        self._count("remove")
        self._now(path)
        super().remove(path)
        del self._files[path]

    def cut_power(self, rng: random.Random) -> None:
        """Put back what is durable."""
        for path in self._files:
            path.unlink(missing_ok=True)
        for path, file in self._kept.items():
            tail = file.seen[len(file.kept) :] if file.seen.startswith(file.kept) else b""
            there = tail[: rng.randint(0, len(tail))]
            lost = b"\0" * rng.choice([0, len(tail) - len(there)])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.kept + there + lost)
        self._files.clear()
        self._kept.clear()


def failing(number: int, error: BaseException) -> Callable[[int, str], None]:
    """Return a fault that raises at one operation."""

    def fault(count: int, name: str) -> None:
        if count == number:
            raise error

    return fault


def failing_once(name: str, error: OSError) -> Callable[[int, str], None]:
    """Return a fault that raises at the first operation of this name."""
    left = [error]

    def fault(count: int, called: str) -> None:
        if called == name and left:
            raise left.pop()

    return fault


def close_all(disk: FaultyDisk) -> None:
    """Close what the stopped program left open."""
    for handle in disk._handles:
        try:
            os.close(handle)
        except OSError:
            continue
