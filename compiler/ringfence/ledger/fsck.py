"""Check a ledger from its stored bytes: the tree is built anew, and everything is compared with it."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import MAX_NOTE, NoteKey, split_note
from ringfence.evidence.records import read_record
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.about import CHECKPOINT, INDEX, WAL
from ringfence.ledger.cosignature import Cosignature
from ringfence.ledger.departure import departure
from ringfence.ledger.edge import WIDTH
from ringfence.ledger.frames import stored_frames
from ringfence.ledger.index import LedgerIndex
from ringfence.ledger.key_event import KeyHistory
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.quorum import Quorum
from ringfence.ledger.subject import Subject
from ringfence.ledger.tiles import TileReader, read_plain
from ringfence.ledger.walk import EachBundle, Walk, differing_partials, require_same

__all__ = ["FsckResult", "check_frames", "check_index", "fsck", "read_note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FsckResult:
    """What is shown: these records stood in this order when the checkpoint was signed.

    `not_shown` says what is not. `note` is the stored one, also with lines of keys that nobody asked for.
    """

    checkpoint: Checkpoint
    note: bytes = field(compare=False, repr=False)
    keys: tuple[NoteKey, ...]
    cosignatures: tuple[Cosignature, ...]
    not_shown: tuple[str, ...]


def fsck(
    folder: Path,
    *,
    trusted: NoteKey,
    quorum: Quorum | None = None,
    now: int | None = None,
    max_age: int | None = None,
    pinned: Sequence[Checkpoint] = (),
    each: EachBundle | None = None,
) -> FsckResult:
    """Verify what a ledger publishes, tiles and checkpoint, from a folder that is only read.

    Trust comes from outside: the log's key, the quorum of witnesses, and checkpoints that were seen
    before. `now` is in epoch seconds, `max_age` in seconds. What `each` is given is shown only once this
    returns. Raise VerifyError.
    """
    note = read_note(folder)
    claimed = Checkpoint.parse(split_note(note)[0])
    if claimed.origin != trusted.name:
        raise VerifyError("RF924", "the checkpoint is of another origin than the trusted key")
    walk = Walk(TileReader(folder, size=claimed.size), each=each)
    if walk.edge.root() != claimed.root:
        raise departure(walk.tiles, root=claimed.root)
    if walk.strange:
        raise VerifyError("RF925", f"bundle {walk.strange[0]} holds what is no record")
    history = KeyHistory.of(walk.events, trusted=trusted)
    checkpoint = history.open(note)
    cosignatures = quorum.verify(note, now=now, max_age=max_age) if quorum else ()
    require_same(walk.differing)
    require_same(differing_partials(folder, walk.tiles))
    tree = TiledTree(walk.tiles, checkpoint.size)
    for one in pinned:
        _require_extends(tree, one, origin=checkpoint.origin)
    return FsckResult(
        checkpoint=checkpoint,
        note=note,
        keys=history.at(checkpoint.size),
        cosignatures=cosignatures,
        not_shown=tuple(_not_shown(quorum=quorum, fresh=None not in (now, max_age), pinned=pinned)),
    )


def check_frames(folder: Path) -> int:
    """Compare the frames that are left with the tree, and return how many records are beyond it.

    These are durable, and not yet under a checkpoint. Nobody may write meanwhile. Raise VerifyError:
    RF942 where a frame is damaged, RF959 where one says something else than the records in bundles.
    """
    size = Checkpoint.parse(split_note(read_note(folder))[0]).size
    tiles, end = TileReader(folder, size=size), size
    try:
        for frame in stored_frames(folder / WAL):
            within = islice(frame.entries(), max(0, size - frame.first))
            if any(
                entry != kept
                for entry, kept in zip(within, _from(tiles, frame.first), strict=False)
            ):
                raise VerifyError("RF959", f"a frame of records from {frame.first} on differs")
            end = max(end, frame.next)
    except EvidenceError as error:
        raise VerifyError(error.code, error.message) from None
    return end - size


def check_index(folder: Path) -> None:
    """Raise VerifyError (RF957) unless the index says what the stored records do, as far as it goes.

    Nobody may write meanwhile; after a crash it is behind, and the ledger itself brings up what it lacks,
    or builds it anew.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for path in folder.glob(f"{INDEX}*"):
            shutil.copy(path, scratch)
        stored, rebuilt = LedgerIndex(Path(scratch) / INDEX), LedgerIndex(Path(scratch) / "rebuilt")
        for entries in _stored_entries(folder):
            some = entries[: max(0, stored.size - rebuilt.size)]
            subjects = [Subject.of(read_record(entry)) for entry in some]
            rebuilt.add(subjects, [leaf_hash(entry) for entry in some])
        same = stored.digest() == rebuilt.digest()
        stored.close()
        rebuilt.close()
    if not same:
        raise VerifyError("RF957", "the index does not say what the records do")


def read_note(folder: Path) -> bytes:
    """Return the published note, of which nothing is verified; raise VerifyError (RF945)."""
    try:
        return read_plain(folder / CHECKPOINT, most=MAX_NOTE)
    except OSError:
        raise VerifyError("RF945", "the ledger has no published checkpoint") from None


def _require_extends(tree: TiledTree, pinned: Checkpoint, *, origin: str) -> None:
    if pinned.origin != origin:
        raise VerifyError("RF924", "a pinned checkpoint is of another origin")
    if pinned.size > tree.size:
        raise VerifyError(
            "RF943", f"{pinned.size} records were seen, and only {tree.size} are here"
        )
    if pinned.size == tree.size and tree.root() != pinned.root:
        raise VerifyError("RF933", f"another tree of {tree.size} records was seen")
    if tree.root(pinned.size) != pinned.root:
        raise VerifyError("RF944", f"the first {pinned.size} records are not those that were seen")


def _from(tiles: TileReader, position: int) -> Iterator[bytes]:
    """Yield the entries in bundles from a position on."""
    for index in range(position // WIDTH, -(-tiles.size // WIDTH)):
        yield from tiles.entries(index)[max(0, position - index * WIDTH) :]


def _stored_entries(folder: Path) -> Iterator[list[bytes]]:
    """Yield all entries, in batches: those in bundles, and then those in frames only."""
    size = Checkpoint.parse(split_note(read_note(folder))[0]).size
    tiles = TileReader(folder, size=size)
    for index in range(-(-size // WIDTH)):
        yield tiles.entries(index)
    for frame in stored_frames(folder / WAL):
        if frame.next > size:
            yield list(frame.entries())[max(0, size - frame.first) :]


def _not_shown(
    *, quorum: Quorum | None, fresh: bool, pinned: Sequence[Checkpoint]
) -> Iterator[str]:
    if quorum is None:
        yield "no witness was asked for: the log's operator could show others another tree"
    else:
        if quorum.is_own:
            yield "the log's operator runs the witnesses too, and could have them cosign two trees"
        if not fresh:
            yield "no age was asked for: this may be an old checkpoint of a log that has grown"
        yield "what was changed between two cosigned checkpoints, before the second, is not found"
    if not pinned:
        yield "no earlier checkpoint was compared"
    yield "decisions that were lost before they reached the log are not shown to be missing"
