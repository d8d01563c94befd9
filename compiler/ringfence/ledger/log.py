"""Entries on disk: frames first, tiles later; both say the same."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.about import WAL
from ringfence.ledger.disk import Disk
from ringfence.ledger.edge import WIDTH
from ringfence.ledger.frames import FrameLog
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.signed_state import require_growth
from ringfence.ledger.tiles import TileReader, TileWriter

__all__ = ["EntryLog"]

_CHUNK: Final = 1 << 14


class EntryLog:
    """The entries of a ledger. `append` makes them durable, `integrate` brings them into tiles."""

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk,
        origin: str,
        signed: Sequence[Checkpoint],
        integrated: int,
        segment_size: int,
    ) -> None:
        """Open the log, and bring into tiles what a crash kept from them.

        `signed` is all that is known to have been signed, `integrated` the size up to which tiles are
        complete. Raise EvidenceError where records are gone (RF943), changed (RF944) or damaged (RF942).
        """
        self._folder = folder
        self.frames = FrameLog(folder / WAL, disk=disk, start=integrated, limit=segment_size)
        try:
            self._check_sizes(signed, integrated)
            self._writer = TileWriter(folder, disk=disk, size=integrated)
            for before in signed:
                if before.size <= integrated:
                    require_growth(self.tree(), before=before, origin=origin)
            self._entries: list[bytes] = []
            self._leaves: list[bytes] = []
            self._recover(integrated)
            for before in signed:
                require_growth(self.tree(), before=before, origin=origin)
        except BaseException:
            self.frames.close()
            raise

    @property
    def size(self) -> int:
        """Count the entries; all of them are durable."""
        return self.frames.next

    def append(self, entries: Sequence[bytes], leaves: Sequence[bytes]) -> range:
        """Append a batch, whole or not at all, and return its positions once it is durable."""
        positions = self.frames.append(entries)
        self._entries += entries
        self._leaves += leaves
        return positions

    def integrate(self) -> TiledTree:
        """Bring all entries into tiles, and return their tree."""
        while self._entries:
            count = min(_CHUNK, len(self._entries))
            self._writer.extend(self._entries[:count], self._leaves[:count])
            del self._entries[:count]
            del self._leaves[:count]
        return self.tree()

    def tree(self) -> TiledTree:
        """Return the tree over what is in tiles."""
        size = self._writer.edge.size
        return TiledTree(TileReader(self._folder, size=size), size)

    def prune(self) -> None:
        """Remove the segments whose entries all stand in full bundles."""
        self.frames.prune(self._writer.edge.size // WIDTH * WIDTH)

    def entries(self, start: int, *, stop: int | None = None) -> Iterator[bytes]:
        """Yield the entries from a position on."""
        in_tiles = self._writer.edge.size
        end = self.size if stop is None else min(stop, self.size)
        reader = TileReader(self._folder, size=in_tiles)
        position = start
        while position < min(end, in_tiles):
            offset = position % WIDTH
            some = reader.entries(position // WIDTH)[offset : offset + end - position]
            yield from some
            position += len(some)
        if position < end:
            yield from self._entries[position - in_tiles : end - in_tiles]

    def close(self) -> None:
        """Take no more entries."""
        self.frames.close()

    def _check_sizes(self, signed: Sequence[Checkpoint], integrated: int) -> None:
        largest = max((before.size for before in signed), default=0)
        held = 0 if self.frames.is_new else self.frames.next
        if held < largest:
            raise EvidenceError("RF943", f"{largest} records were signed, and only {held} are here")
        if self.frames.first > integrated:
            raise EvidenceError("RF942", "the write-ahead log begins after the tiles end")

    def _recover(self, integrated: int) -> None:
        for frame in self.frames.frames(integrated):
            entries = list(frame.entries())[max(0, integrated - frame.first) :]
            self._entries += entries
            self._leaves += [leaf_hash(entry) for entry in entries]
            if len(self._entries) >= _CHUNK:
                self.integrate()
        self.integrate()
