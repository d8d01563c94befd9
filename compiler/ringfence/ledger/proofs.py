"""Roots and proofs of a tree that is read from its tiles (RFC 9162, section 2.1)."""

import hashlib
from dataclasses import dataclass

from ringfence.evidence.tree import EMPTY_ROOT
from ringfence.ledger.edge import HASH, WIDTH, fold
from ringfence.ledger.tiles import TileReader

__all__ = ["TiledTree"]


@dataclass(frozen=True, slots=True)
class TiledTree:
    """The tree of the first `size` leaves of one in tiles; every method raises VerifyError where a tile is missing."""

    tiles: TileReader
    size: int

    def at(self, size: int) -> "TiledTree":
        """Return the tree of the first leaves; raise IndexError where there are fewer."""
        if not 0 <= size <= self.size:
            raise IndexError(size)
        return TiledTree(self.tiles, size)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first leaves, all of them where no size is given.

        Raise IndexError where the tree is smaller.
        """
        wanted = self.size if size is None else size
        if not 0 <= wanted <= self.size:
            raise IndexError(wanted)
        return self._root(0, wanted) if wanted else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Return a leaf hash."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self._perfect(0, index)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the path from a leaf to the root (2.1.3.1); raise IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        path, start, end = [], 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._root(middle, end))
                end = middle
            else:
                path.append(self._root(start, middle))
                start = middle
        return path[::-1]

    def consistency_proof(self, first: int) -> list[bytes]:
        """Return the proof that the tree of the first leaves is a prefix (2.1.4.1); raise IndexError.

        It is empty for a tree of the same size.
        """
        if not 0 < first <= self.size:
            raise IndexError(first)
        path, start, end, whole = [], 0, self.size, True
        while first != end:
            middle = start + _split(end - start)
            if first <= middle:
                path.append(self._root(middle, end))
                end = middle
            else:
                path.append(self._root(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._root(start, end))
        return path[::-1]

    def _root(self, start: int, end: int) -> bytes:
        """Return the root over leaves that begin where a perfect subtree as large as them may."""
        roots, at = [], start
        for height in range((end - start).bit_length() - 1, -1, -1):
            if (end - start) & 1 << height:
                roots.append(self._perfect(height, at >> height))
                at += 1 << height
        root = roots.pop()
        while roots:
            root = hashlib.sha256(b"\x01" + roots.pop() + root).digest()
        return root

    def _perfect(self, height: int, index: int) -> bytes:
        """Return the root of a perfect subtree, from the tile that holds the level below it."""
        level, rest = divmod(height, 8)
        first = index << rest
        tile, offset = divmod(first, WIDTH)
        hashes = self.tiles.hashes(level, tile)
        return fold(hashes[offset * HASH : (offset + (1 << rest)) * HASH])


def _split(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
