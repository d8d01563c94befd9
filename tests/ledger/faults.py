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
    stale: list[tuple[int, int]] = field(default_factory=list)

    def cut(self, size: int) -> None:
        """Forget what stands beyond a size."""
        self.seen = self.seen[:size]
        self.stale = [(start, min(end, size)) for start, end in self.stale if start < size]

    def overwrite(self, at: int, content: bytes) -> None:
        """Put bytes in place of others, or at the end; they are to be written again."""
        end = at + len(content)
        self.seen = self.seen[:at] + content + self.seen[end:]
        parts = [part for a, b in self.stale for part in ((a, min(b, at)), (max(a, end), b))]
        self.stale = [(a, b) for a, b in parts if a < b]

    def fail(self) -> None:
        """Take what is not kept for written though it is not, as Linux does after a failed sync."""
        pairs = zip(self.kept, self.seen, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), len(self.kept))
        if same < len(self.seen):
            self.stale.append((same, len(self.seen)))

    def sync(self) -> None:
        """Keep what is seen, but for what an earlier failure has lost: no sync writes that again."""
        content = bytearray(self.seen)
        for start, end in self.stale:
            content[start:end] = self.kept[start:end].ljust(end - start, b"\0")
        self.kept = bytes(content)


@dataclass
class FaultyDisk(Disk):
    """Counts operations; `fault` is called before each with its number and name, and may raise.

    `cut_power` puts the folder back to what was durable: unsynced bytes are gone, or there in part, or
    zeros; unsynced names are as they were. A write that `fault` refuses is done by half. What is durable
    is kept account of here alone: the real disk is asked to sync nothing.
    """

    fault: Callable[[int, str], None] = lambda number, name: None
    operations: list[str] = field(default_factory=list)
    _files: dict[Path, _File] = field(default_factory=dict)
    _kept: dict[Path, _File] = field(default_factory=dict)
    _handles: dict[int, Path] = field(default_factory=dict)
    _loose: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

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
            file.overwrite(len(file.seen), half)
            raise
        super().write(handle, content)
        file.overwrite(len(file.seen), content)

    def rewrite(self, handle: int, at: int, content: bytes) -> None:
        """Count, then write over what is there."""
        self._count("write")
        super().rewrite(handle, at, content)
        self._files[self._handles[handle]].overwrite(at, content)

    def cut(self, handle: int, size: int) -> None:
        """Count, then truncate."""
        self._count("cut")
        super().cut(handle, size)
        self._files[self._handles[handle]].cut(size)

    def sync(self, handle: int) -> None:
        """Count, then sync; after one that is refused, what it was to write is never written."""
        file = self._files[self._handles[handle]]
        try:
            self._count("sync")
        except OSError:
            file.fail()
            raise
        file.sync()

    def sync_folder(self, path: Path) -> None:
        """Count, then sync the names."""
        self._count("sync_folder")
        self._loose = {one for one in self._loose if one.parent != path}
        for name in [one for one in self._kept if one.parent == path]:
            del self._kept[name]
        self._kept |= {name: file for name, file in self._files.items() if name.parent == path}

    def make_folder(self, path: Path) -> None:
        """Make it; one whose name was not synced goes at a power cut, with all that it holds."""
        if path.is_dir():
            super().make_folder(path)
            return
        try:
            super().make_folder(path)
        except BaseException:
            self._loose |= {path} if path.is_dir() else set()
            raise

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
            if self._loose.intersection(path.parents):
                continue
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
