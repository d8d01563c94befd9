"""Facts about signing: what was signed binds what may be signed next."""

import random
from pathlib import Path

import pytest
from tests.ledger.faults import FaultyDisk, PowerCut, close_all, failing
from tests.ledger.samples import FIRST, ORIGIN, SECOND, key_of, tree_of

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import open_note
from ringfence.ledger.disk import Disk
from ringfence.ledger.key_event import KeyHistory, rotation_record, start_record
from ringfence.ledger.signed_state import SignedState
from ringfence.ledger.signing import CheckpointPolicy, sign_checkpoint

HISTORY = KeyHistory.of([(0, start_record(origin=ORIGIN, key=FIRST).body)])
ENTRIES = [b"%d" % number for number in range(40)]


@pytest.mark.parametrize(
    ("pending", "waited", "due"),
    [(0, 99.0, False), (1, 0.9, False), (1, 1.0, True), (999, 0.0, False), (1000, 0.0, True)],
)
def test_a_checkpoint_is_due_by_records_or_seconds(pending: int, waited: float, due: bool) -> None:
    """A thousand records or a second make one due, and nothing does where nothing is pending."""
    assert CheckpointPolicy().due(pending=pending, waited=waited) is due


def test_a_signed_checkpoint_is_the_trees(tmp_path: Path) -> None:
    """The note opens under the log's key, with the tree's size and root, which are kept before."""
    tree, state = tree_of(tmp_path, ENTRIES), SignedState([tmp_path / "signed"], disk=Disk())
    note = sign_checkpoint(tree, history=HISTORY, keys=[SECOND, FIRST], state=state)
    expected = Checkpoint(origin=ORIGIN, size=40, root=tree.root())
    assert Checkpoint.parse(open_note(note, key=key_of(FIRST)).text) == expected
    assert HISTORY.open(note) == expected
    assert state.read() == (expected,)
    assert sign_checkpoint(tree, history=HISTORY, keys=[FIRST], state=state) == note


def test_a_smaller_and_a_forked_tree_are_not_signed(tmp_path: Path) -> None:
    """After 30 records, 29 are RF943; 30 or 40 of which one was changed are RF944; 40 are signed."""
    state = SignedState([tmp_path / "signed", tmp_path / "elsewhere" / "signed"], disk=Disk())

    def sign(entries: list[bytes], name: str) -> bytes:
        tree = tree_of(tmp_path / name, entries)
        return sign_checkpoint(tree, history=HISTORY, keys=[FIRST], state=state)

    sign(ENTRIES[:30], "a")
    kept = state.read()
    with pytest.raises(EvidenceError, match="RF943"):
        sign(ENTRIES[:29], "b")
    for size in (30, 40):
        with pytest.raises(EvidenceError, match="RF944"):
            sign([b"other", *ENTRIES[1:size]], f"c{size}")
    assert state.read() == kept
    sign(ENTRIES, "d")


def test_one_copy_that_remembers_is_enough(tmp_path: Path) -> None:
    """Restored to an older state, the copy elsewhere still refuses the smaller tree."""
    paths = [tmp_path / "signed", tmp_path / "elsewhere"]
    state = SignedState(paths, disk=Disk())
    old = tree_of(tmp_path / "old", ENTRIES[:5])
    sign_checkpoint(old, history=HISTORY, keys=[FIRST], state=state)
    backup = paths[0].read_bytes()
    sign_checkpoint(tree_of(tmp_path / "new", ENTRIES), history=HISTORY, keys=[FIRST], state=state)
    paths[0].write_bytes(backup)
    with pytest.raises(EvidenceError, match="RF943"):
        sign_checkpoint(old, history=HISTORY, keys=[FIRST], state=state)


def test_an_unreadable_copy_refuses(tmp_path: Path) -> None:
    """Where a copy no longer says what was signed, nothing is."""
    (tmp_path / "signed").write_bytes(b"")
    state = SignedState([tmp_path / "signed"], disk=Disk())
    with pytest.raises(EvidenceError, match="RF943"):
        sign_checkpoint(
            tree_of(tmp_path / "t", ENTRIES), history=HISTORY, keys=[FIRST], state=state
        )


def test_another_origin_is_refused(tmp_path: Path) -> None:
    """A state of another log does not let this one sign."""
    other = KeyHistory.of([(0, start_record(origin="other.example/log", key=FIRST).body)])
    tree, state = tree_of(tmp_path, ENTRIES), SignedState([tmp_path / "signed"], disk=Disk())
    sign_checkpoint(tree, history=other, keys=[FIRST], state=state)
    with pytest.raises(EvidenceError, match="RF947"):
        sign_checkpoint(tree, history=HISTORY, keys=[FIRST], state=state)


def test_without_the_key_nothing_is_signed_or_kept(tmp_path: Path) -> None:
    """A missing private key is RF950, before anything is written."""
    tree, state = tree_of(tmp_path, ENTRIES), SignedState([tmp_path / "signed"], disk=Disk())
    with pytest.raises(EvidenceError, match="RF950"):
        sign_checkpoint(tree, history=HISTORY, keys=[SECOND], state=state)
    assert state.read() == ()


def test_during_a_rotation_both_sign(tmp_path: Path) -> None:
    """In the overlap the note carries both signatures, and each key opens it alone."""
    rotation = rotation_record(origin=ORIGIN, old=FIRST, new=SECOND, position=10, overlap=29)
    history = KeyHistory.of([(0, start_record(origin=ORIGIN, key=FIRST).body), (10, rotation.body)])
    tree, state = tree_of(tmp_path, ENTRIES), SignedState([tmp_path / "signed"], disk=Disk())
    note = sign_checkpoint(tree, history=history, keys=[SECOND, FIRST], state=state)
    assert open_note(note, key=key_of(FIRST)).text == open_note(note, key=key_of(SECOND)).text


def test_a_power_cut_never_forgets_a_signature(tmp_path: Path) -> None:
    """Stopped at each operation in turn, a note exists only if its size is kept on disk."""
    small, large = tree_of(tmp_path / "s", ENTRIES[:9]), tree_of(tmp_path / "l", ENTRIES)
    for number in range(1, 30):
        disk = FaultyDisk()
        path = tmp_path / str(number) / "signed"
        state = SignedState([path], disk=disk)
        sign_checkpoint(small, history=HISTORY, keys=[FIRST], state=state)
        disk.operations.clear()
        disk.fault = failing(number, PowerCut())
        signed = False
        try:
            sign_checkpoint(large, history=HISTORY, keys=[FIRST], state=state)
            signed = True
        except PowerCut:
            pass
        close_all(disk)
        disk.cut_power(random.Random(number))
        (found,) = SignedState([path], disk=Disk()).read()
        assert found.size == 40 if signed else found.size in (9, 40)
        if signed:
            break
    assert signed
    assert number > 4
