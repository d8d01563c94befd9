"""The write-ahead log: whole batches, durable before they are acknowledged."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.evidence.error import EvidenceError
from ringfence.ledger.disk import Disk, reported
from ringfence.ledger.segment import HEAD_SIZE, Frame, Scan, frame_of, head_of, scan

__all__ = ["SEGMENT_SIZE", "FrameLog", "Recovery", "stored_frames"]

SEGMENT_SIZE: Final = 64 << 20
"""Bytes after which the next batch goes to a new segment."""

_NAME: Final = re.compile(r"[0-9]{20}\.wal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What opening found: the positions that are held, and the torn tail that was cut, if any."""

    first: int
    next: int
    cut_bytes: int
    cut_file: str = ""


class FrameLog:
    """Batches of entries under consecutive positions, in segment files of one folder.

    One writer only; the ledger's lock sees to that.
    """

    def __init__(
        self, folder: Path, *, disk: Disk | None = None, start: int = 0, limit: int = SEGMENT_SIZE
    ) -> None:
        """Open or make the log, and cut a torn tail; `start` is the first position of an empty log.

        Raise EvidenceError where a frame is damaged (RF942) or the disk refuses (RF940).
        """
        self._folder, self._disk, self._limit = folder, disk or Disk(), limit
        self._handle = -1
        self._stopped = False
        self._starts: list[int] = []
        self._next, self._end, self._marker = start, 0, b""
        with reported("open the write-ahead log"):
            self._disk.make_folder(folder)
            self.recovery = self._recover()

    @property
    def next(self) -> int:
        """Return the position of the next entry; all before it are durable."""
        return self._next

    @property
    def first(self) -> int:
        """Return the lowest position that is still held."""
        return self._starts[0] if self._starts else self._next

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was ever written here: a log in use keeps its newest segment."""
        return not self._starts

    def append(self, entries: Sequence[bytes]) -> range:
        """Append a batch, whole or not at all, and return its positions once it is durable.

        Raise EvidenceError. After a failed sync nobody knows what is on disk, so that the log takes no
        more until it is opened anew (RF946).
        """
        if self._stopped:
            raise EvidenceError("RF946", "the ledger has stopped after a failed write")
        with reported("append to the write-ahead log"):
            self._roll()
            frame = frame_of(entries, first=self._next, marker=self._marker)
            self._write(frame)
        positions = range(self._next, self._next + len(entries))
        self._next, self._end = positions.stop, self._end + len(frame)
        return positions

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield the frames that reach beyond a position, oldest first."""
        stops = [*self._starts, self._next][1:]
        for first, stop in zip(self._starts, stops, strict=True):
            if stop > start:
                yield from (frame for frame in self._scan(first).frames if frame.next > start)

    def prune(self, below: int) -> None:
        """Remove the segments whose entries all stand below a position, except the newest."""
        while len(self._starts) > 1 and self._starts[1] <= below:
            with reported("remove a segment"):
                self._disk.remove(self._path(self._starts[0]))
            del self._starts[0]

    def close(self) -> None:
        """Close the file; the log takes no more."""
        self._stopped = True
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _recover(self) -> Recovery:
        found = sorted(path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        self._starts = [int(name[:20]) for name in found]
        cut, cut_file = 0, ""
        if self._starts:
            self._next = self._starts[0]
        for number, first in enumerate(self._starts):
            if first != self._next:
                raise EvidenceError("RF942", f"a segment is missing before `{found[number]}`")
            scanned = self._scan(first)
            if scanned.torn and number < len(self._starts) - 1:
                raise EvidenceError("RF942", f"`{found[number]}` is damaged, and others follow it")
            self._next = scanned.frames[-1].next if scanned.frames else first
        if self._starts:
            cut, cut_file = scanned.torn, found[-1] if scanned.torn else ""
            self._continue(scanned)
        return Recovery(first=self.first, next=self._next, cut_bytes=cut, cut_file=cut_file)

    def _continue(self, last: Scan) -> None:
        """Stand at the end of the last segment; one that never got its head gets it now."""
        path, marker, end = self._path(last.first), last.marker, last.end
        if marker is None:
            marker, end = secrets.token_bytes(16), HEAD_SIZE
            self._disk.replace({path: head_of(first=last.first, marker=marker)})
        self._handle, self._marker, self._end = self._disk.open(path), marker, end
        self._disk.cut(self._handle, end)
        # What is read back may be in memory only: after a sync that failed no later one writes it, and a
        # process that was stopped may not have synced the name. Only the last frame can be such a one.
        start = end - (last.frames[-1].size if last.frames else end)
        self._disk.rewrite(self._handle, start, os.pread(self._handle, end - start, start))
        self._disk.sync(self._handle)
        self._disk.sync_folder(self._folder)

    def _roll(self) -> None:
        """Begin a segment where there is none, or the last one is full."""
        if self._handle >= 0 and self._end < self._limit:
            return
        marker = secrets.token_bytes(16)
        handle = self._disk.create(self._path(self._next))
        try:
            self._disk.write(handle, head_of(first=self._next, marker=marker))
            self._disk.sync(handle)
            self._disk.sync_folder(self._folder)
        except OSError:
            os.close(handle)
            with contextlib.suppress(OSError):
                self._disk.remove(self._path(self._next))
            raise
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self._marker, self._end = handle, marker, HEAD_SIZE
        self._starts.append(self._next)

    def _write(self, frame: bytes) -> None:
        try:
            self._disk.write(self._handle, frame)
        except OSError:
            self._take_back()
            raise
        try:
            self._disk.sync(self._handle)
        except OSError:
            self._take_back()  # so that no reader takes for durable what only memory holds
            self._stopped = True
            raise

    def _take_back(self) -> None:
        """Cut a frame that was not written whole; stop where that fails too."""
        try:
            self._disk.cut(self._handle, self._end)
            self._disk.sync(self._handle)
        except OSError:
            self._stopped = True

    def _scan(self, first: int) -> Scan:
        path = self._path(first)
        with reported("read the write-ahead log"):
            content = path.read_bytes()
        return scan(content, name=path.name, first=first)

    def _path(self, first: int) -> Path:
        return self._folder / f"{first:020}.wal"


def stored_frames(folder: Path) -> Iterator[Frame]:
    """Yield the frames of a folder, which is only read, up to a torn tail; raise EvidenceError (RF942)."""
    names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    position = int(names[0][:20]) if names else 0
    for number, name in enumerate(names):
        with reported("read the write-ahead log"):
            content = (folder / name).read_bytes()
        if int(name[:20]) != position:
            raise EvidenceError("RF942", f"a segment is missing before `{name}`")
        scanned = scan(content, name=name, first=position)
        if scanned.torn and number < len(names) - 1:
            raise EvidenceError("RF942", f"`{name}` is damaged, and others follow it")
        for frame in scanned.frames:
            yield frame
            position = frame.next
