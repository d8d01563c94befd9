"""Facts about false checkpoints: split views, other logs, odd sizes and further lines (groups 8, 12, 13, 15)."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of, tree_of
from tests.ledger.test_index import decision
from tests.tamper.sound import QUORUM, SIZE, check_all

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey, sign_note, split_note
from ringfence.evidence.tree import EMPTY_ROOT
from ringfence.ledger.fsck import fsck
from ringfence.ledger.key_event import start_record
from ringfence.ledger.proof_file import ProofFile
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.trust import LedgerTrust
from ringfence.ledger.witness import Witness
from ringfence.ledger.witnessing import RemoteWitness

TRUSTED = key_of(FIRST)


def _point(folder: Path) -> Checkpoint:
    return Checkpoint.parse(split_note((folder / "checkpoint").read_bytes())[0])


def _other_story(folder: Path, size: int = SIZE) -> TiledTree:
    """Write a second tree that the log's own key could sign."""
    start = start_record(origin=ORIGIN, key=FIRST).data
    return tree_of(folder, [start, *(decision(n, action="allow").data for n in range(size - 1))])


def _publish(folder: Path, tree: TiledTree, *, key: object = FIRST) -> bytes:
    text = Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root()).text()
    note = sign_note(text, name=ORIGIN, key=key)  # type: ignore[arg-type] # a test key
    (folder / "checkpoint").write_bytes(note)
    return note


def test_a_second_tree_of_the_same_size_is_told_by_who_has_seen_the_first(
    sound: Path, tmp_path: Path
) -> None:
    """Both trees verify under the stolen or lying key; with the other's checkpoint it is RF933."""
    note = _publish(tmp_path, tree := _other_story(tmp_path))
    assert fsck(tmp_path, trusted=TRUSTED).checkpoint.size == SIZE
    with pytest.raises(VerifyError, match=r"^RF933"):
        fsck(tmp_path, trusted=TRUSTED, pinned=[_point(sound)])
    with pytest.raises(VerifyError, match=r"^RF952"):
        fsck(tmp_path, trusted=TRUSTED, quorum=QUORUM)
    path = tuple(tree.inclusion_proof(7))
    proof = ProofFile(index=7, record=tree.tiles.entry(7), path=path, note=note)
    assert proof.verify(trust=LedgerTrust(key=TRUSTED)).position == 7
    with pytest.raises(VerifyError, match=r"^RF933"):
        proof.verify(trust=LedgerTrust(key=TRUSTED, pinned=(_point(sound),)))


@pytest.mark.parametrize("size", [SIZE, SIZE + 40])
def test_a_witness_cosigns_no_second_story(tmp_path: Path, size: int) -> None:
    """Asked for a tree of the same size, or a larger fork, it answers with what the log takes for RF944."""
    logs = {ORIGIN: (TRUSTED,)}
    witness = Witness(tmp_path / "w", name="w.example", key=THIRD, logs=logs, clock=Clock())
    sound = tree_of(tmp_path / "one", [decision(n).data for n in range(SIZE)])
    remote = RemoteWitness(witness.key, witness.add_checkpoint)
    remote.cosign(_publish(tmp_path, sound), tree=sound, kept=SIZE)
    other = _other_story(tmp_path / "two", size)
    with pytest.raises(EvidenceError, match=r"^RF944"):
        remote.cosign(_publish(tmp_path, other), tree=other, kept=size)
    witness.close()


def test_the_key_of_another_log_is_another_origin(sound: Path) -> None:
    """One who trusts the very same key under another name is told RF924, not that the key is wrong."""
    other = NoteKey("other.example/log", FIRST.public_key())
    with pytest.raises(VerifyError, match=r"^RF924"):
        fsck(sound, trusted=other)
    with pytest.raises(VerifyError, match=r"^RF922"):
        fsck(sound, trusted=key_of(SECOND))


def _signed(lines: Sequence[str], *more: bytes) -> bytes:
    text = "".join(f"{line}\n" for line in lines).encode()
    return sign_note(text, name=ORIGIN, key=FIRST) + b"".join(more)


def test_lines_of_strangers_are_ignored_and_ours_must_hold(folder: Path) -> None:
    """A note with a stranger's line is as good; a second line of ours that does not hold is RF923."""
    note = (folder / "checkpoint").read_bytes()
    text = split_note(note)[0]
    stranger = sign_note(text, name="stranger.example", key=THIRD)[len(text) + 1 :]
    (folder / "checkpoint").write_bytes(note + stranger)
    assert check_all(folder).checkpoint == _point(folder)
    other = sign_note(text.replace(b"300", b"301"), name=ORIGIN, key=FIRST)[len(text) + 1 :]
    (folder / "checkpoint").write_bytes(note + other)
    with pytest.raises(VerifyError, match=r"^RF923"):
        check_all(folder)


@pytest.mark.parametrize(
    ("size", "root", "code"),
    [
        ("0300", None, "RF921"),
        ("+300", None, "RF921"),
        ("3e2", None, "RF921"),
        ("-1", None, "RF921"),
        ("9223372036854775808", None, "RF921"),
        ("299", None, "RF931"),
        ("301", None, "RF931"),
        ("0", None, "RF926"),
        ("0", EMPTY_ROOT, "RF948"),
    ],
)
def test_an_odd_size_is_refused_though_the_log_signed_it(
    folder: Path, size: str, root: bytes | None, code: str
) -> None:
    """Leading zeros, signs and other numbers; and of an empty tree nothing says whose log it is."""
    point = _point(folder)
    made = Checkpoint(origin=ORIGIN, size=SIZE, root=root or point.root)
    lines = made.text().decode().splitlines()
    (folder / "checkpoint").write_bytes(_signed([lines[0], size, lines[2]]))
    with pytest.raises(VerifyError, match=f"^{code}"):
        fsck(folder, trusted=TRUSTED)


def test_a_further_line_counts_only_when_it_is_signed(folder: Path) -> None:
    """The format allows lines after the root: signed ones are shown and mean nothing, others are RF923."""
    point = _point(folder)
    lines = point.text().decode().splitlines()
    (folder / "checkpoint").write_bytes(_signed([*lines, "tree 7"]))
    shown = fsck(folder, trusted=TRUSTED).checkpoint
    assert (shown.size, shown.root, shown.extensions) == (SIZE, point.root, ("tree 7",))
    forged = _signed(lines).replace(b"\n\n", b"\ntree 7\n\n", 1)
    (folder / "checkpoint").write_bytes(forged)
    with pytest.raises(VerifyError, match=r"^RF923"):
        fsck(folder, trusted=TRUSTED)
    (folder / "checkpoint").write_bytes(_signed([*lines, "tree 7"]))
    with pytest.raises(VerifyError, match=r"^RF952"):
        fsck(folder, trusted=TRUSTED, quorum=QUORUM)
