"""One file of write-ahead frames: how it is laid out, and how it is read after a crash.

A segment is a head and frames. All numbers are big-endian.

    head   "RFWAL001", first position u64, marker 16 bytes, CRC-32 u32 of all before it
    frame  marker 16 bytes, length u32, CRC-32 u32, first position u64, entries u32, payload
    payload  for each entry its length u16 and its bytes, as in a C2SP entry bundle

The marker is random for each segment and never leaves the machine, so that nobody can put what looks
like a frame into a record. The CRC covers positions, count and payload.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.evidence.error import EvidenceError

__all__ = [
    "HEAD_SIZE",
    "MAX_BATCH",
    "Frame",
    "Scan",
    "encode_entries",
    "frame_of",
    "head_of",
    "scan",
]

MAX_BATCH: Final = 256 << 20
"""Bytes of the payload of one frame, which is one batch."""

_MAGIC: Final = b"RFWAL001"
_HEAD: Final = struct.Struct(">8sQ16sI")
_FRAME: Final = struct.Struct(">16sIIQI")
_COVERED: Final = struct.Struct(">QI")
_LENGTH: Final = struct.Struct(">H")
HEAD_SIZE: Final = _HEAD.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A batch: the position of its first entry, how many there are, and the payload."""

    first: int
    count: int
    payload: bytes

    @property
    def size(self) -> int:
        """Count the bytes of the frame in its segment."""
        return _FRAME.size + len(self.payload)

    @property
    def next(self) -> int:
        """Return the position after the last entry."""
        return self.first + self.count

    def entries(self) -> Iterator[bytes]:
        """Yield the entries' bytes."""
        at, payload = 0, self.payload
        for _ in range(self.count):
            (length,) = _LENGTH.unpack_from(payload, at)
            yield payload[at + 2 : at + 2 + length]
            at += 2 + length


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a segment holds: its frames, where the last good one ends, and whether the tail is torn.

    `marker` is None where the head itself is torn.
    """

    marker: bytes | None
    first: int
    frames: tuple[Frame, ...]
    end: int
    torn: int


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Put entries one after another, each behind its length (C2SP tlog-tiles, "Log entries")."""
    pack = _LENGTH.pack
    try:
        return b"".join([part for data in entries for part in (pack(len(data)), data)])
    except struct.error:
        raise EvidenceError("RF910", "an entry is over 65535 bytes") from None


def head_of(*, first: int, marker: bytes) -> bytes:
    """Return the head of a new segment."""
    head = _HEAD.pack(_MAGIC, first, marker, 0)[:-4]
    return head + zlib.crc32(head).to_bytes(4)


def frame_of(entries: Sequence[bytes], *, first: int, marker: bytes) -> bytes:
    """Return the frame of one batch; raise EvidenceError where it is empty or too large."""
    payload = encode_entries(entries)
    if not entries or len(payload) > MAX_BATCH:
        raise EvidenceError("RF910", f"a batch has no entry, or over {MAX_BATCH} bytes")
    crc = zlib.crc32(payload, zlib.crc32(_COVERED.pack(first, len(entries))))
    return _FRAME.pack(marker, len(payload), crc, first, len(entries)) + payload


def scan(content: bytes, *, name: str, first: int) -> Scan:
    """Read a segment that begins at this position, up to the end or a torn tail.

    Raise EvidenceError where a broken frame stands before a whole one: that is damage, and not the
    trace of a crash.
    """
    marker = _marker(content, first)
    if marker is None and len(content) > HEAD_SIZE:
        raise _damaged(name, 0)  # a head is on disk before the first frame is written
    if marker is None:
        return Scan(marker=None, first=first, frames=(), end=0, torn=len(content))
    frames: list[Frame] = []
    at, position = HEAD_SIZE, first
    while frame := _frame_at(content, at, marker):
        if frame.first != position:
            raise _damaged(name, at)
        frames.append(frame)
        at, position = at + frame.size, frame.next
    later = content.find(marker, at + 1)
    while later >= 0:
        if _frame_at(content, later, marker):
            raise _damaged(name, at)
        later = content.find(marker, later + 1)
    return Scan(marker=marker, first=first, frames=tuple(frames), end=at, torn=len(content) - at)


def _marker(content: bytes, first: int) -> bytes | None:
    if len(content) < HEAD_SIZE:
        return None
    magic, found, marker, crc = _HEAD.unpack_from(content)
    sound = magic == _MAGIC and found == first and crc == zlib.crc32(content[: HEAD_SIZE - 4])
    return bytes(marker) if sound else None


def _frame_at(content: bytes, at: int, marker: bytes) -> Frame | None:
    """Return the frame that stands there, or None where none does or it is broken."""
    if len(content) - at < _FRAME.size:
        return None
    found, length, crc, first, count = _FRAME.unpack_from(content, at)
    start = at + _FRAME.size
    if found != marker or length > len(content) - start:
        return None
    payload = content[start : start + length]
    if crc != zlib.crc32(payload, zlib.crc32(_COVERED.pack(first, count))):
        return None
    return Frame(first=first, count=count, payload=payload)


def _damaged(name: str, at: int) -> EvidenceError:
    return EvidenceError("RF942", f"`{name}` is damaged at byte {at}, before frames that are whole")
