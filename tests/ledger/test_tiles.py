"""Facts about tiles, entry bundles and the proofs that are read from them."""

import errno
import random
from pathlib import Path

import pytest
from tests.ledger.faults import FaultyDisk, PowerCut, close_all, failing, failing_once

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from ringfence.ledger.disk import Disk
from ringfence.ledger.edge import Edge
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.tiles import TileReader, TileWriter, bundle_entries, tile_name

SIZE = 1300
ENTRIES = [b"entry %d" % number for number in range(SIZE)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def _grow(folder: Path, sizes: list[int], disk: Disk | None = None) -> TileWriter:
    writer = TileWriter(folder, disk=disk or Disk())
    for size in sizes:
        done = writer.edge.size
        writer.extend(ENTRIES[done:size], LEAVES[done:size])
    return writer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a tree of 1,300 entries in ragged steps; read only."""
    path = tmp_path_factory.mktemp("tiles")
    assert _grow(path, [1, 200, 256, 257, 511, 1000, SIZE]).edge.root() == root_of(LEAVES)
    return path


def test_names_are_those_of_the_format() -> None:
    """Indexes are in steps of three digits, all but the last behind an x; partial tiles say how wide."""
    assert tile_name(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_name(2, 0, width=1) == "tile/2/000.p/1"
    assert tile_name("entries", 1000, width=112) == "tile/entries/x001/000.p/112"


def test_the_folder_holds_what_the_format_asks_for(folder: Path) -> None:
    """A tree of 1,300 is five full tiles and bundles, a partial one of 20, and one of 5 above."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    wide = {f"tile/{level}/{n:03}" for level in ("0", "entries") for n in range(5)}
    ragged = {"tile/0/005.p/20", "tile/entries/005.p/20"}
    assert found - {f"tile/1/000.p/{n}" for n in range(1, 5)} == wide | ragged | {"tile/1/000.p/5"}


def test_growing_gives_the_root_of_the_definition() -> None:
    """However the leaves come, the root at each size from 0 to 600 is that of the leaves."""
    assert Edge().root() == EMPTY_ROOT
    edge, rng = Edge(), random.Random(1)
    while edge.size < 600:
        more = LEAVES[edge.size : edge.size + rng.randint(1, 9)]
        edge, _ = edge.extend(more)
        assert edge.root() == root_of(LEAVES[: edge.size])


def test_a_large_tree_reaches_the_third_level() -> None:
    """A tree of 70,000 leaves has the tiles that the format's own example counts."""
    leaves = [leaf_hash(b"%d" % number) for number in range(70_000)]
    edge, filled = Edge().extend(leaves)
    assert [sum(tile.level == level for tile in filled) for level in range(3)] == [273, 1, 0]
    assert [(tile.level, tile.width) for tile in edge.partial()] == [(0, 112), (1, 17), (2, 1)]
    assert edge.root() == root_of(leaves)


def test_proofs_from_tiles_are_the_proofs(folder: Path) -> None:
    """At many sizes, inclusion and consistency proofs equal the recursive ones, and hold."""
    reader = TileReader(folder, size=SIZE)
    for size in (1, 2, 3, 255, 256, 257, 512, 1279, SIZE):
        tree, leaves = TiledTree(reader, size), LEAVES[:size]
        root = tree.root()
        assert root == root_of(leaves)
        for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
            path = tree.inclusion_proof(index)
            assert path == inclusion_proof(leaves, index)
            assert tree.leaf(index) == LEAVES[index]
            verify_inclusion(LEAVES[index], index=index, size=size, path=path, root=root)
        for first in {1, 2, size // 3, size // 2, size - 1, size} & set(range(1, size + 1)):
            path = tree.consistency_proof(first)
            assert path == consistency_proof(leaves, first)
            verify_consistency(
                first=first, second=size, path=path, first_root=tree.root(first), second_root=root
            )


@pytest.mark.parametrize(("what", "number"), [("inclusion_proof", -1), ("inclusion_proof", SIZE),
    ("consistency_proof", 0), ("consistency_proof", SIZE + 1), ("leaf", SIZE), ("root", SIZE + 1)])  # fmt: skip
def test_what_the_tree_lacks_is_refused(folder: Path, what: str, number: int) -> None:
    """A proof, leaf or root beyond the tree is an IndexError."""
    with pytest.raises(IndexError):
        getattr(TiledTree(TileReader(folder, size=SIZE), SIZE), what)(number)


def test_entries_are_read_back(folder: Path) -> None:
    """Every entry comes out of its bundle byte by byte."""
    reader = TileReader(folder, size=SIZE)
    assert [reader.entry(n) for n in (0, 255, 256, 1299)] == [
        ENTRIES[n] for n in (0, 255, 256, 1299)
    ]


def test_a_writer_goes_on_from_the_files(folder: Path, tmp_path: Path) -> None:
    """Opened at every size that was written, the writer gives the same files in the end."""
    for size in (0, 1, 255, 256, 257, 700):
        path = tmp_path / str(size)
        _grow(path, [size] if size else [])
        again = TileWriter(path, disk=Disk(), size=size)
        again.extend(ENTRIES[size:], LEAVES[size:])
        assert again.edge.root() == root_of(LEAVES)
        for name in ("tile/0/004", "tile/0/005.p/20", "tile/entries/002", "tile/1/000.p/5"):
            assert (path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"x" * 31, b"x" * 32 * 19])
def test_a_missing_or_short_tile_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A tile that is not there or has a wrong size is RF945."""
    _grow(tmp_path, [20])
    path = tmp_path / "tile/0/000.p/20"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(VerifyError, match="RF945"):
        TiledTree(TileReader(tmp_path, size=20), 20).root()


@pytest.mark.parametrize("bundle", [b"\0", b"\0\2a", b"\0\1ab", b"\xff\xff"])
def test_a_malformed_bundle_is_refused(bundle: bytes) -> None:
    """A bundle that ends early or has a rest is RF945."""
    with pytest.raises(VerifyError, match="RF945"):
        bundle_entries(bundle, at_least=5)


@pytest.mark.parametrize("count", [0, 4, 257])
def test_a_bundle_of_too_few_or_too_many_entries_is_refused(count: int) -> None:
    """A bundle that holds fewer entries than are due, or over 256, is RF931."""
    bundle = b"\0\1a" * count
    with pytest.raises(VerifyError, match="RF931"):
        bundle_entries(bundle, at_least=5)


def test_a_full_disk_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    """After ENOSPC the writer is where it was, no draft is left over, and it can try again."""
    disk = FaultyDisk()
    writer = _grow(tmp_path, [10], disk)
    disk.fault = failing_once("write", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(EvidenceError, match="RF940"):
        writer.extend(ENTRIES[10:300], LEAVES[10:300])
    assert writer.edge.size == 10
    assert [path for path in tmp_path.rglob(".*") if path.is_file()] == []
    writer.extend(ENTRIES[10:300], LEAVES[10:300])
    assert TiledTree(TileReader(tmp_path, size=300), 300).root() == root_of(LEAVES[:300])


def test_a_power_cut_at_any_step_leaves_whole_tiles(tmp_path: Path) -> None:
    """Stopped at each operation in turn, what was written before is whole, and no name is torn."""
    number, finished = 0, False
    while not finished:
        number += 1
        folder, rng = tmp_path / str(number), random.Random(number)
        disk = FaultyDisk()
        writer = _grow(folder, [250], disk)
        disk.operations.clear()
        disk.fault = failing(number, PowerCut())
        try:
            writer.extend(ENTRIES[250:600], LEAVES[250:600])
            finished = True
        except PowerCut:
            pass
        close_all(disk)
        disk.cut_power(rng)
        sizes = [250, 600] if finished else [250]
        for size in sizes:
            tree = TiledTree(TileReader(folder, size=size), size)
            assert tree.root() == root_of(LEAVES[:size])
            assert [tree.tiles.entry(n) for n in (0, 249)] == [ENTRIES[0], ENTRIES[249]]
    assert number > 20
