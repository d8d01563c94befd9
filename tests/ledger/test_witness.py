"""Facts about the witness: it never cosigns what does not extend the tree that it knows."""

import base64
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from tests.ledger.faults import FaultyDisk, PowerCut, close_all, failing
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of, tree_of

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey, sign_note
from ringfence.evidence.tree import EMPTY_ROOT
from ringfence.ledger.cosignature import WitnessKey, cosign, read_cosignatures
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.submission import Submission, WitnessAnswer
from ringfence.ledger.witness import Witness
from ringfence.ledger.witness_http import WitnessServer, asking
from ringfence.ledger.witnessing import RemoteWitness, WitnessUnavailableError

ENTRIES = [b"%d" % number for number in range(40)]
NAME = "witness.example/w1"


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """Run a witness that knows our log."""
    made = _witness(tmp_path / "witness")
    yield made
    made.close()


@pytest.fixture
def tree(tmp_path: Path) -> TiledTree:
    """Return a tree of 40."""
    return tree_of(tmp_path / "tree", ENTRIES)


def _witness(folder: Path, disk: FaultyDisk | None = None) -> Witness:
    logs = {ORIGIN: (key_of(FIRST), key_of(SECOND))}
    return Witness(folder, name=NAME, key=THIRD, logs=logs, clock=Clock(), disk=disk)


def _note(tree: TiledTree, size: int, *, root: bytes = b"", key: object = FIRST) -> bytes:
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root or tree.root(size))
    return sign_note(checkpoint.text(), name=ORIGIN, key=key)  # type: ignore[arg-type] # a test key


def _ask(witness: Witness, tree: TiledTree, old: int, size: int, **note: object) -> WitnessAnswer:
    proof = tuple(TiledTree(tree.tiles, size).consistency_proof(old)) if 0 < old <= size else ()
    body = Submission(old=old, proof=proof, note=_note(tree, size, **note)).encode()  # type: ignore[arg-type] # passed on
    return witness.add_checkpoint(body)


def test_what_extends_is_cosigned_with_the_time(witness: Witness, tree: TiledTree) -> None:
    """First, larger and equal trees get a cosignature that verifies under the witness's key alone."""
    for old, size in [(0, 7), (7, 7), (7, 32), (32, 40)]:
        answer = _ask(witness, tree, old, size)
        assert answer.status == 200
        note = _note(tree, size) + answer.body
        (found,) = read_cosignatures(note, keys=[witness.key])
        assert (found.key.name, found.time) == (NAME, 1_800_000_000)
        stranger = WitnessKey(NAME, FIRST.public_key())
        assert read_cosignatures(note, keys=[stranger]) == ()


def test_an_empty_tree_is_cosigned_as_such_only(witness: Witness, tree: TiledTree) -> None:
    """A checkpoint of no records has the empty tree's root, or is refused with 409."""
    assert _ask(witness, tree, 0, 0, root=bytes(32)).status == 409
    assert _ask(witness, tree, 0, 0, root=EMPTY_ROOT).status == 200


def test_refusals_have_the_protocols_status(witness: Witness, tree: TiledTree) -> None:
    """Unknown origin, signature, old size, proof and root are 404, 403, 400, 409, 422 and 409."""
    other = Checkpoint(origin="other.example/log", size=1, root=bytes(32)).text()
    note = sign_note(other, name="other.example/log", key=FIRST)
    assert witness.add_checkpoint(Submission(old=0, proof=(), note=note).encode()).status == 404
    assert _ask(witness, tree, 0, 7, key=THIRD).status == 403
    assert _ask(witness, tree, 8, 7).status == 400
    assert _ask(witness, tree, 0, 20).status == 200
    rolled_back = _ask(witness, tree, 7, 15)
    assert (rolled_back.status, rolled_back.body) == (409, b"20\n")
    assert (rolled_back.type, rolled_back.known_size) == ("text/x.tlog.size", 20)
    assert _ask(witness, tree, 20, 40, root=bytes(32)).status == 422
    assert _ask(witness, tree, 20, 20, root=bytes(32)).status == 409
    for proof in ((), (bytes(32),) * 5):
        wrong = Submission(old=20, proof=proof, note=_note(tree, 40)).encode()
        assert witness.add_checkpoint(wrong).status == 422
    assert _ask(witness, tree, 20, 40, key=SECOND).status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"old 0", b"old 00\n\nx", b"old -1\n\nx", b"old 0\nAA==\n\nx", b"old 0\n\n\xff", b"new 0\n\nx",
     b"old 0\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + b"\nx", b"old 0\n\nx"],
)  # fmt: skip
def test_malformed_requests_are_refused(witness: Witness, body: bytes) -> None:
    """A request that is not an old size, up to 63 hashes and a checkpoint is 400."""
    assert witness.add_checkpoint(body).status == 400


def test_a_submission_reads_back(tree: TiledTree) -> None:
    """What is sent is what is parsed."""
    sent = Submission(old=7, proof=(bytes(32), b"x" * 32), note=_note(tree, 40))
    assert Submission.parse(sent.encode()) == sent


def test_the_witness_remembers_over_a_restart(tmp_path: Path, tree: TiledTree) -> None:
    """Opened again it knows its size; a second process cannot be the same witness meanwhile."""
    first = _witness(tmp_path / "w")
    assert _ask(first, tree, 0, 20).status == 200
    with pytest.raises(EvidenceError, match="RF941"):
        _witness(tmp_path / "w")
    first.close()
    again = _witness(tmp_path / "w")
    assert _ask(again, tree, 0, 40).known_size == 20
    again.close()


def test_a_witness_that_lost_its_memory_refuses(tmp_path: Path, tree: TiledTree) -> None:
    """Where its file is no checkpoint any more, it does not begin anew."""
    witness = _witness(tmp_path / "w")
    assert _ask(witness, tree, 0, 20).status == 200
    (file,) = (path for path in (tmp_path / "w").iterdir() if path.name != "lock")
    file.write_bytes(b"")
    with pytest.raises(EvidenceError, match="RF943"):
        _ask(witness, tree, 0, 20)
    witness.close()


def test_a_power_cut_never_forgets_a_cosignature(tmp_path: Path, tree: TiledTree) -> None:
    """Stopped at each operation in turn, the witness answers only for what it then still knows."""
    for number in range(1, 30):
        disk = FaultyDisk()
        folder = tmp_path / f"w{number}"
        witness = _witness(folder, disk)
        assert _ask(witness, tree, 0, 7).status == 200
        disk.operations.clear()
        disk.fault = failing(number, PowerCut())
        answered = False
        with suppress(PowerCut):
            answered = _ask(witness, tree, 7, 20).status == 200
        witness.close()
        close_all(disk)
        disk.cut_power(random.Random(number))
        again = _witness(folder)
        assert _ask(again, tree, 0, 40).known_size in ({20} if answered else {7, 20})
        again.close()
        if answered:
            break
    assert answered
    assert number > 4


def test_two_requests_at_once_never_roll_back(witness: Witness, tree: TiledTree) -> None:
    """Of many requests from one old size, sent at once, one wins and the others are conflicts."""
    bodies = [Submission(old=0, proof=(), note=_note(tree, size)).encode() for size in range(1, 21)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda b=body: answers.append(witness.add_checkpoint(b).status))
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 19


def test_a_log_is_cosigned_from_whatever_size_the_witness_knows(
    witness: Witness, tree: TiledTree
) -> None:
    """A log that has forgotten the witness's size learns it, and proves from there."""
    assert _ask(witness, tree, 0, 20).status == 200
    remote = RemoteWitness(witness.key, witness.add_checkpoint)
    note = _note(tree, 40)
    line = remote.cosign(note, tree=tree, kept=40)
    assert [one.key for one in read_cosignatures(note + line, keys=[witness.key])] == [witness.key]
    assert remote.known == 40


def test_an_old_copy_and_a_fork_are_told(witness: Witness, tree: TiledTree, tmp_path: Path) -> None:
    """A witness that knows more than was signed here is RF943, one that knows another tree RF944."""
    assert _ask(witness, tree, 0, 30).status == 200
    remote = RemoteWitness(witness.key, witness.add_checkpoint)
    with pytest.raises(EvidenceError, match="RF943"):
        remote.cosign(_note(tree, 20), tree=tree, kept=20)
    fork = tree_of(tmp_path / "fork", [b"other", *ENTRIES[1:]])
    for size in (30, 40):
        with pytest.raises(EvidenceError, match="RF944"):
            RemoteWitness(witness.key, witness.add_checkpoint).cosign(
                _note(fork, size), tree=fork, kept=40
            )
    remote.compare(_note(tree, 20), tree=tree, kept=30)


@pytest.mark.parametrize(
    "answer",
    [
        WitnessAnswer(status=500),
        WitnessAnswer(status=409, body=b"not a size"),
        WitnessAnswer(status=409, body=b"3\n"),
        WitnessAnswer(status=200),
        WitnessAnswer(status=200, body=b"not a line\n"),
        WitnessAnswer(status=200, body=cosign(b"other\n", name=NAME, key=THIRD, time=1)),
    ],
)
def test_a_useless_answer_is_no_cosignature(tree: TiledTree, answer: WitnessAnswer) -> None:
    """Any other status, an endless conflict and a line that does not fit are RF951."""
    remote = RemoteWitness(WitnessKey(NAME, THIRD.public_key()), lambda _: answer)
    with pytest.raises(WitnessUnavailableError, match="RF951"):
        remote.cosign(_note(tree, 40), tree=tree, kept=40)


def test_over_http(witness: Witness, tree: TiledTree) -> None:
    """The witness serves the protocol on a socket; other paths, methods and sizes are refused."""
    with WitnessServer(("127.0.0.1", 0), witness=witness) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with requests.Session() as session:
                remote = RemoteWitness(witness.key, asking(server.url, session=session))
                note = _note(tree, 40)
                line = remote.cosign(note, tree=tree, kept=40)
                assert len(read_cosignatures(note + line, keys=[witness.key])) == 1
                post = f"{server.url}/add-checkpoint"
                assert session.get(post, timeout=5).status_code == 501
                assert session.post(f"{server.url}/x", data=b"", timeout=5).status_code == 404
                assert session.post(post, data=iter([b"x"]), timeout=5).status_code == 411
                assert session.post(post, data=b"x" * 70_000, timeout=5).status_code == 413
        finally:
            server.shutdown()
            thread.join()
    with requests.Session() as session, pytest.raises(WitnessUnavailableError, match="RF951"):
        asking(server.url, session=session)(b"")


def test_keys_read_back_and_are_not_a_logs() -> None:
    """A witness's verifier key reads back; a log's key of the same bytes is another."""
    key = WitnessKey(NAME, THIRD.public_key())
    assert WitnessKey.of_vkey(key.vkey) == key
    log = NoteKey(NAME, THIRD.public_key())
    assert log.id != key.id
    for text in (log.vkey, key.vkey[:-4], key.vkey.replace("w1", "w2"), ""):
        with pytest.raises(EvidenceError, match="RF915"):
            WitnessKey.of_vkey(text)


def test_the_formats_own_example_has_these_ids() -> None:
    """The signature line of C2SP's example has the length and the time that we read."""
    raw = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    content = base64.b64decode(raw)
    assert (len(content), int.from_bytes(content[4:12])) == (76, 1679315147)


def test_every_flipped_byte_of_a_cosignature_is_refused(tree: TiledTree) -> None:
    """Each byte of time and signature counts."""
    note, key = _note(tree, 40), WitnessKey(NAME, THIRD.public_key())
    text = note.partition(b"\n\n")[0] + b"\n"
    line = cosign(text, name=NAME, key=THIRD, time=1_800_000_000)
    raw = base64.b64decode(line.split()[2])
    for at in range(4, len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        bad = b" ".join(line.split()[:2]) + b" " + base64.b64encode(flipped) + b"\n"
        with pytest.raises(VerifyError, match="RF953"):
            read_cosignatures(note + bad, keys=[key])
