"""The right edge of a growing tree, by levels of tiles (c2sp.org/tlog-tiles, "Merkle Tree")."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.evidence.tree import EMPTY_ROOT

__all__ = ["HASH", "TILE_BYTES", "WIDTH", "Edge", "Tile", "fold", "perfect_roots"]

WIDTH: Final = 256
HASH: Final = 32
TILE_BYTES: Final = WIDTH * HASH


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's place, and its hashes one after another; under 256 of them it is partial."""

    level: int
    index: int
    hashes: bytes

    @property
    def width(self) -> int:
        """Count the hashes."""
        return len(self.hashes) // HASH


@dataclass(frozen=True, slots=True)
class Edge:
    """A tree of `size` leaves, of which only the hashes in its partial tiles are held, level by level."""

    size: int = 0
    levels: tuple[bytes, ...] = ()

    def extend(self, leaves: Sequence[bytes]) -> tuple["Edge", list[Tile]]:
        """Return the tree with more leaf hashes, and the tiles that this filled."""
        filled: list[Tile] = []
        levels = list(self.levels)
        added = b"".join(leaves)
        level = 0
        while added:
            if level == len(levels):
                levels.append(b"")
            hashes = levels[level] + added
            index = (self.size >> 8 * level) // WIDTH
            full = len(hashes) // TILE_BYTES
            tiles = [
                Tile(level, index + n, hashes[n * TILE_BYTES : (n + 1) * TILE_BYTES])
                for n in range(full)
            ]
            filled += tiles
            levels[level] = hashes[full * TILE_BYTES :]
            added = b"".join([fold(tile.hashes) for tile in tiles])
            level += 1
        return Edge(self.size + len(leaves), tuple(levels)), filled

    def partial(self) -> Iterator[Tile]:
        """Yield the partial tiles of a tree of this size."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                yield Tile(level, (self.size >> 8 * level) // WIDTH, hashes)

    def root(self) -> bytes:
        """Return the root over all leaves (RFC 9162, 2.1.1)."""
        found = [root for hashes in reversed(self.levels) for root in perfect_roots(hashes)]
        if not found:
            return EMPTY_ROOT
        root = found.pop()
        while found:
            root = hashlib.sha256(b"\x01" + found.pop() + root).digest()
        return root


def fold(hashes: bytes) -> bytes:
    """Return the root over a power of two of hashes."""
    sha256 = hashlib.sha256
    while len(hashes) > HASH:
        hashes = b"".join(
            [sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)]
        )
    return hashes


def perfect_roots(hashes: bytes) -> list[bytes]:
    """Return the roots of the perfect subtrees over up to 255 hashes, largest first."""
    roots, at, count = [], 0, len(hashes) // HASH
    for bit in range(count.bit_length() - 1, -1, -1):
        if count & 1 << bit:
            end = at + (HASH << bit)
            roots.append(fold(hashes[at:end]))
            at = end
    return roots
