"""Read every record of a tree from its entry bundles, and build the tree anew beside its tiles."""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.error import VerifyError
from ringfence.evidence.records import RecordKind, read_record, record_end
from ringfence.ledger.edge import WIDTH, Edge, Tile
from ringfence.ledger.tiles import (
    ENTRIES,
    MAX_BUNDLE,
    TileReader,
    bundle_entries,
    read_plain,
    tile_name,
)

__all__ = ["EachBundle", "Walk", "differing_partials", "require_same"]

_KEY_EVENT: Final = record_end(RecordKind.KEY_EVENT)
_ENDS: Final = tuple(record_end(kind) for kind in RecordKind)
_PARTIAL: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})\.p/([1-9][0-9]{0,2})"
)


EachBundle = Callable[[int, bytes, int], None]
"""Takes the position of a bundle's first entry, the bundle, and how many of its entries count."""


class Walk:
    """What the bundles of a tree of the reader's size hold.

    `differing` names the tiles that are not those of the records, `events` are the key events with
    their positions, and `strange` the bundles of which an entry does not end as a record does: spelled
    otherwise, readers could differ on its kind.
    """

    def __init__(self, tiles: TileReader, *, each: EachBundle | None = None) -> None:
        """Read all bundles; raise VerifyError where one is missing (RF931) or malformed (RF945).

        `each` is given the very bytes that the tree is built from, before anything is shown of them.
        """
        self.tiles = tiles
        self._each = each
        self.edge = Edge()
        self.differing: list[str] = []
        self.strange: list[int] = []
        self.events: list[tuple[int, dict[str, Any]]] = []
        for index in range(-(-tiles.size // WIDTH)):
            self._bundle(index)
        for tile in self.edge.partial():
            self._compare(tile)

    def _bundle(self, index: int) -> None:
        width = min(WIDTH, self.tiles.size - index * WIDTH)
        bundle = self.tiles.bundle(index)
        entries = bundle_entries(bundle, at_least=width)[:width]
        sha256 = hashlib.sha256
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        if not all(entry.endswith(_ENDS) for entry in entries):
            self.strange.append(index)
        if self._each:
            self._each(index * WIDTH, bundle, width)
        if _KEY_EVENT in bundle:
            self._events(entries, index * WIDTH)
        self.edge, filled = self.edge.extend(leaves)
        for tile in filled:
            self._compare(tile)

    def _events(self, entries: list[bytes], start: int) -> None:
        for position, entry in enumerate(entries, start=start):
            if entry.endswith(_KEY_EVENT):
                self.events.append((position, read_record(entry).body))

    def _compare(self, tile: Tile) -> None:
        if self.tiles.hashes(tile.level, tile.index) != tile.hashes:
            self.differing.append(tile_name(tile.level, tile.index, width=tile.width))


def differing_partials(folder: Path, tiles: TileReader) -> Iterator[str]:
    """Yield the partial tiles and bundles, kept for older checkpoints, that are not their full ones."""
    for path in _partials(folder):
        name = path.relative_to(folder).as_posix()
        match = _PARTIAL.fullmatch(name)
        if match is None:
            continue  # a draft of a writer that was stopped, or nobody's
        level, steps, width = match.groups()
        index = int(steps.replace("x", "").replace("/", ""))
        height = 0 if level == ENTRIES else int(level)
        if (index * WIDTH + int(width)) << 8 * height > tiles.size:
            continue  # of a tree that is not under the checkpoint
        whole = tiles.bundle(index) if level == ENTRIES else tiles.hashes(height, index)
        with contextlib.suppress(FileNotFoundError):
            if not whole.startswith(read_plain(path, most=MAX_BUNDLE)):
                yield name


def _partials(folder: Path) -> list[Path]:
    """Return what is in the folders of partial tiles, also of those that a writer removes meanwhile."""
    return sorted(
        Path(base, name)
        for base, folders, files in os.walk(folder / "tile")  # which passes over what is gone
        if base.endswith(".p")
        for name in (*folders, *files)
    )


def require_same(names: Iterator[str] | list[str]) -> None:
    """Raise VerifyError (RF959) where there is a differing file."""
    for name in names:
        raise VerifyError("RF959", f"`{name}` is not what the records give")
