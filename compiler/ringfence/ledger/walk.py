"""Read every record of a tree from its entry bundles, and build the tree anew beside its tiles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.error import VerifyError
from ringfence.evidence.records import RecordKind, read_record
from ringfence.ledger.edge import WIDTH, Edge, Tile
from ringfence.ledger.tiles import ENTRIES, TileReader, bundle_entries, bundle_leaves, tile_name

__all__ = ["Walk"]

_KEY_EVENT: Final = b'"kind":"key_event"'


class Walk:
    """What the bundles of a tree of the reader's size hold.

    `differing` names the tiles that are not those of the records, `events` are the key events with
    their positions.
    """

    def __init__(self, tiles: TileReader) -> None:
        """Read all bundles; raise VerifyError (RF945) where one is missing or malformed."""
        self.tiles = tiles
        self.edge = Edge()
        self.differing: list[str] = []
        self.events: list[tuple[int, dict[str, Any]]] = []
        for index in range(-(-tiles.size // WIDTH)):
            self._bundle(index)
        for tile in self.edge.partial():
            self._compare(tile)

    def _bundle(self, index: int) -> None:
        width = min(WIDTH, self.tiles.size - index * WIDTH)
        bundle = self.tiles.bundle(index)
        leaves = bundle_leaves(bundle, at_least=width)[:width]
        if _KEY_EVENT in bundle:
            self._events(bundle_entries(bundle)[:width], index * WIDTH)
        self.edge, filled = self.edge.extend(leaves)
        for tile in filled:
            self._compare(tile)

    def _events(self, entries: list[bytes], start: int) -> None:
        for position, entry in enumerate(entries, start=start):
            if _KEY_EVENT in entry:  # or a text that says so, which is another kind's
                record = read_record(entry)
                if record.kind is RecordKind.KEY_EVENT:
                    self.events.append((position, record.body))

    def _compare(self, tile: Tile) -> None:
        if self.tiles.hashes(tile.level, tile.index) != tile.hashes:
            self.differing.append(tile_name(tile.level, tile.index, width=tile.width))


def differing_partials(folder: Path, tiles: TileReader) -> Iterator[str]:
    """Yield the partial tiles and bundles, kept for older checkpoints, that are not their full ones."""
    for path in sorted(folder.glob("tile/**/*.p/*")):
        name = path.relative_to(folder).as_posix()
        level, *steps = name.removeprefix("tile/").removesuffix(f".p/{path.name}").split("/")
        index = int("".join(step.removeprefix("x") for step in steps))
        height = 0 if level == ENTRIES else int(level)
        if not path.name.isdecimal() or (index * WIDTH + int(path.name)) << 8 * height > tiles.size:
            continue  # of a tree that is not under the checkpoint
        whole = tiles.bundle(index) if level == ENTRIES else tiles.hashes(height, index)
        if not whole.startswith(path.read_bytes()):
            yield name


def require_same(names: Iterator[str] | list[str]) -> None:
    """Raise VerifyError (RF959) where there is a differing file."""
    for name in names:
        raise VerifyError("RF959", f"`{name}` is not what the records give")
