"""Tiles and entry bundles in a folder, as a static server can serve them (c2sp.org/tlog-tiles)."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ringfence.evidence.error import VerifyError
from ringfence.evidence.records import MAX_RECORD
from ringfence.ledger.disk import Disk, reported
from ringfence.ledger.edge import HASH, TILE_BYTES, WIDTH, Edge, Tile
from ringfence.ledger.segment import encode_entries

__all__ = [
    "ENTRIES",
    "MAX_BUNDLE",
    "TileReader",
    "TileWriter",
    "bundle_entries",
    "bundle_leaves",
    "read_plain",
    "tile_name",
]

ENTRIES: Final = "entries"
_MAX_TILES_HELD: Final = 64
MAX_BUNDLE: Final = WIDTH * (2 + MAX_RECORD)
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def tile_name(level: int | str, index: int, *, width: int = WIDTH) -> str:
    """Return the path of a tile, or of an entry bundle, whose level is `entries`."""
    steps = f"{index % 1000:03}"
    while index := index // 1000:
        steps = f"x{index % 1000:03}/{steps}"
    return f"tile/{level}/{steps}" + (f".p/{width}" if width < WIDTH else "")


class TileReader:
    """Reads the tiles of a tree of this size.

    Raises VerifyError: RF945 for a missing or broken tile, RF931 for a bundle that is missing.
    """

    def __init__(self, folder: Path, *, size: int) -> None:
        self._folder = folder
        self.size = size
        self._held: dict[tuple[int, int], bytes] = {}

    def hashes(self, level: int, index: int) -> bytes:
        """Return a tile's hashes, as many as the tree has."""
        held = self._held.get((level, index))
        if held is None:
            width = min(WIDTH, (self.size >> 8 * level) - index * WIDTH)
            held = self._read(level, index, width=width)
            if len(held) % HASH or not width * HASH <= len(held) <= TILE_BYTES:
                raise VerifyError("RF945", f"`{tile_name(level, index)}` has a wrong size")
            if len(self._held) >= _MAX_TILES_HELD:
                self._held.clear()
            held = self._held[level, index] = held[: width * HASH]
        return held

    def bundle(self, index: int) -> bytes:
        """Return an entry bundle, which may be longer than the tree where the log has grown."""
        return self._read(ENTRIES, index, width=min(WIDTH, self.size - index * WIDTH))

    def entries(self, index: int) -> list[bytes]:
        """Return a bundle's entries, as many as the tree has."""
        width = min(WIDTH, self.size - index * WIDTH)
        return bundle_entries(self.bundle(index), at_least=width)[:width]

    def entry(self, position: int) -> bytes:
        """Return one entry; raise IndexError where there is none."""
        if not 0 <= position < self.size:
            raise IndexError(position)
        return self.entries(position // WIDTH)[position % WIDTH]

    def edge(self) -> Edge:
        """Return the right edge of the tree."""
        levels = []
        for level in range((self.size.bit_length() + 7) // 8):
            count = self.size >> 8 * level
            levels.append(self.hashes(level, count // WIDTH) if count % WIDTH else b"")
        return Edge(self.size, tuple(levels))

    def _read(self, level: int | str, index: int, *, width: int) -> bytes:
        full, partial = tile_name(level, index), tile_name(level, index, width=width)
        most = MAX_BUNDLE if level == ENTRIES else TILE_BYTES
        for name in (full, partial, full):  # a partial one goes when the full one has come
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return read_plain(self._folder / name, most=most)
        code = "RF931" if level == ENTRIES else "RF945"
        raise VerifyError(code, f"`{partial}` is missing")


def read_plain(path: Path, *, most: int) -> bytes:
    """Return the content of a plain file of at most so many bytes; raise VerifyError (RF945).

    Raise FileNotFoundError and NotADirectoryError where it is not there.
    """
    try:
        handle = os.open(path, _OPEN)
        with os.fdopen(handle, "rb", buffering=0) as stream:
            found = os.fstat(handle)
            if stat.S_ISREG(found.st_mode) and found.st_size <= most:
                return stream.read(found.st_size) or b""
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise VerifyError("RF945", f"`{path.name}` cannot be read: {error.strerror}") from None
    raise VerifyError("RF945", f"`{path.name}` is no plain file, or too large")


class TileWriter:
    """Writes the tiles of a growing tree; what `extend` has returned from is on disk."""

    def __init__(self, folder: Path, *, disk: Disk, size: int = 0) -> None:
        """Go on from the tiles of a tree of this size; raise VerifyError where they are missing."""
        reader = TileReader(folder, size=size)
        self._folder, self._disk = folder, disk
        self._edge = reader.edge()
        self._tail = reader.entries(size // WIDTH) if size % WIDTH else []

    @property
    def edge(self) -> Edge:
        """Return the tree as far as it is written."""
        return self._edge

    def extend(self, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Add entries, with their leaf hashes, as full and partial tiles and bundles.

        Raise EvidenceError (RF940); the tree is then as it was.
        """
        edge, filled = self._edge.extend(leaves)
        files = {
            tile_name(tile.level, tile.index, width=tile.width): tile.hashes
            for tile in (*filled, *edge.partial())
        }
        first, tail = self._edge.size // WIDTH, [*self._tail, *entries]
        for start in range(0, len(tail), WIDTH):
            some = tail[start : start + WIDTH]
            name = tile_name(ENTRIES, first + start // WIDTH, width=len(some))
            files[name] = encode_entries(some)
        with reported("write the ledger's tiles"):
            self._disk.replace({self._folder / name: files[name] for name in files})
        self._edge, self._tail = edge, tail[len(tail) - edge.size % WIDTH :]
        self._drop_partial(filled)

    def _drop_partial(self, filled: Iterable[Tile]) -> None:
        """Remove the partial tiles of full ones, which the format allows; none must be missed."""
        for tile in filled:
            for level in (tile.level, ENTRIES) if tile.level == 0 else (tile.level,):
                folder = self._folder / (tile_name(level, tile.index) + ".p")
                with contextlib.suppress(OSError):
                    for path in list(folder.iterdir()):
                        self._disk.remove(path)
                    folder.rmdir()


def bundle_entries(bundle: bytes, *, at_least: int = 0) -> list[bytes]:
    """Return the entries of a bundle; raise VerifyError: RF945 where it is torn, RF931 by their number."""
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at + 1 < end:
        start = at + 2
        at = start + (bundle[at] << 8 | bundle[at + 1])
        entries.append(bundle[start:at])
    if at != end:
        raise VerifyError("RF945", "an entry bundle ends within an entry")
    if not at_least <= len(entries) <= WIDTH:
        said = f"an entry bundle holds {len(entries)} entries, and {at_least} to {WIDTH} are due"
        raise VerifyError("RF931", said)
    return entries


def bundle_leaves(bundle: bytes, *, at_least: int = 0) -> list[bytes]:
    """Return the leaf hashes of a bundle's entries (RFC 9162, 2.1.1); raise as `bundle_entries` does."""
    sha256 = hashlib.sha256
    entries = bundle_entries(bundle, at_least=at_least)
    return [sha256(b"\x00" + entry).digest() for entry in entries]
