"""The file operations that durability rests on, in one place, so that tests can make them fail."""

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from ringfence.evidence.error import EvidenceError

__all__ = ["Disk", "reported"]

_MODE = 0o640


class Disk:
    """POSIX files; every method raises OSError where the system does."""

    def __init__(self) -> None:
        self._made: set[Path] = set()

    def create(self, path: Path) -> int:
        """Create a file that is not there yet, and open it for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)

    def open(self, path: Path) -> int:
        """Open a file for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def write(self, handle: int, content: bytes) -> None:
        """Write all of the content where the handle stands."""
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]

    def rewrite(self, handle: int, at: int, content: bytes) -> None:
        """Write bytes over equal ones, at a place and no further than the file's end, so that a sync writes them."""
        view = memoryview(content)
        while view:
            written = os.pwrite(handle, view, at)
            at, view = at + written, view[written:]

    def cut(self, handle: int, size: int) -> None:
        """Truncate a file, and stand at its end."""
        os.ftruncate(handle, size)
        os.lseek(handle, size, os.SEEK_SET)

    def sync(self, handle: int) -> None:
        """Wait until content and size are on disk (fdatasync)."""
        os.fdatasync(handle)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on disk."""
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, in place of what had it."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def make_folder(self, path: Path) -> None:
        """Make a folder with its parents, each durable in the one above it.

        One that is there may have been made by a process that was stopped before it could sync.
        """
        if path in self._made:
            return
        if path.is_dir():
            with contextlib.suppress(PermissionError):  # a folder above the ledger that is not ours
                self.sync_folder(path.parent)
        else:
            self.make_folder(path.parent)
            path.mkdir(exist_ok=True)
            self.sync_folder(path.parent)
        self._made.add(path)

    def replace(self, files: Mapping[Path, bytes]) -> None:
        """Write files whole or not at all, each by itself, and durably (Tessera's POSIX driver).

        A name never leads to half a file: content goes to a draft beside it, is synced, and renamed.
        """
        drafts = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in files}
        for folder in sorted({path.parent for path in files}):
            self.make_folder(folder)
        try:
            for path, draft in drafts.items():
                self._draft(draft, files[path])
            for path, draft in drafts.items():
                self.rename(draft, path)
            for folder in sorted({path.parent for path in files}):
                self.sync_folder(folder)
        except OSError:
            for draft in drafts.values():
                with contextlib.suppress(OSError):
                    self.remove(draft)
            raise

    def _draft(self, path: Path, content: bytes) -> None:
        handle = self.create(path)
        try:
            self.write(handle, content)
            self.sync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def reported(what: str) -> Iterator[None]:
    """Turn the system's errors into EvidenceError, which names no content."""
    try:
        yield
    except OSError as error:
        said = error.strerror or "the system refused"
        raise EvidenceError("RF940", f"cannot {what}: {said}") from error
