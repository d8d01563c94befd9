"""Facts about the ledger as a whole: what it acknowledges, what it signs, and what it refuses."""

import errno
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.faults import FaultyDisk, PowerCut, close_all, failing, failing_once
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import open_note
from ringfence.evidence.records import RecordKind, make_record
from ringfence.evidence.tree import leaf_hash, root_of, verify_consistency, verify_inclusion
from ringfence.ledger.key_event import KeyHistory
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.settings import Settings
from ringfence.ledger.signed_state import SignedState
from ringfence.ledger.store import Ledger
from ringfence.ledger.subject import decision_key
from ringfence.ledger.submission import WitnessAnswer
from ringfence.ledger.witness import Witness


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def settings(clock: Clock) -> Settings:
    """Return settings with the first key."""
    return Settings(keys=(FIRST,), clock=clock)


@pytest.fixture
def ledger(tmp_path: Path, settings: Settings) -> Iterator[Ledger]:
    """Make a ledger."""
    made = Ledger.create(tmp_path / "ledger", origin=ORIGIN, settings=settings)
    yield made
    made.close()


def _entries(ledger: Ledger) -> list[bytes]:
    return [ledger.read(position).data for position in range(ledger.size)]


def test_records_come_to_stand_under_a_checkpoint(ledger: Ledger) -> None:
    """Their positions follow the ledger's own first record; root and proofs are those of the bytes."""
    found = ledger.append([decision(n) for n in range(300)])
    assert found.positions == tuple(range(1, 301))
    published = ledger.checkpoint()
    entries = _entries(ledger)
    leaves = [leaf_hash(entry) for entry in entries]
    assert (len(entries), published.checkpoint.size) == (301, 301)
    assert published.checkpoint.root == root_of(leaves)
    assert open_note(published.note, key=key_of(FIRST)).text == published.checkpoint.text()
    tree = ledger.tree()
    verify_inclusion(
        leaves[7], index=7, size=301, path=tree.inclusion_proof(7), root=published.checkpoint.root
    )
    assert (ledger.folder / "checkpoint").read_bytes() == published.note
    key = decision_key("sidecar-1", "d-7")
    assert ledger.index.seen([key]) == {key: (8, leaves[8])}


def test_every_checkpoint_extends_the_one_before(ledger: Ledger) -> None:
    """Proofs from the tiles lead from each published tree to the last one."""
    points = []
    for start in range(0, 900, 90):
        ledger.append([decision(n) for n in range(start, start + 90)])
        points.append(ledger.checkpoint().checkpoint)
    tree, last = ledger.tree(), points[-1]
    for one in points:
        path = tree.consistency_proof(one.size)
        verify_consistency(
            first=one.size, second=last.size, path=path, first_root=one.root, second_root=last.root
        )


def test_a_ledger_opened_again_is_the_same(ledger: Ledger, settings: Settings) -> None:
    """Records with and without checkpoint, duplicates and the index are as they were."""
    ledger.append([decision(n) for n in range(300)])
    published = ledger.checkpoint()
    ledger.append([decision(n) for n in range(290, 310)])
    entries, digest = _entries(ledger), ledger.index.digest()
    ledger.close()
    again = Ledger.open(ledger.folder, settings=settings)
    assert (again.size, again.cut_bytes) == (311, 0)
    assert (_entries(again), again.index.digest()) == (entries, digest)
    assert again.published == published
    assert again.append([decision(305), decision(310)]).duplicates == 1
    assert again.checkpoint().checkpoint.size == 312
    again.close()


def test_the_index_is_rebuilt_from_the_stored_bytes(ledger: Ledger, settings: Settings) -> None:
    """Removed, cut short or taken from another ledger, it comes back the same."""
    ledger.append([decision(n) for n in range(300)])
    ledger.append([decision(5, action="forged"), decision(6)])
    ledger.checkpoint()
    ledger.append([decision(n) for n in range(300, 320)])
    digest = ledger.index.digest()
    ledger.close()
    other = Ledger.create(ledger.folder.parent / "other", origin=ORIGIN, settings=settings)
    other.append([decision(n, action="other") for n in range(30)])
    other.close()
    index = ledger.folder / "index.sqlite"
    for content in (None, b"broken", (other.folder / "index.sqlite").read_bytes()):
        index.unlink()
        if content is not None:
            index.write_bytes(content)
        again = Ledger.open(ledger.folder, settings=settings)
        assert again.index.digest() == digest
        again.close()


def test_a_checkpoint_is_due_by_the_clock(ledger: Ledger, clock: Clock) -> None:
    """`tick` publishes a second after the oldest pending record, or at a thousand of them."""
    ledger.checkpoint()
    assert ledger.tick() is None
    ledger.append([decision(0)])
    clock.now += 0.9
    ledger.append([decision(1)])
    assert ledger.tick() is None
    clock.now += 0.1
    assert ledger.tick() is not None
    clock.now += 99
    assert ledger.tick() is None
    ledger.append([decision(n) for n in range(10, 1010)])
    assert ledger.tick() is not None


def test_frames_go_once_tiles_hold_their_records(tmp_path: Path, settings: Settings) -> None:
    """Old segments are removed at a checkpoint, and every record is still read."""
    settings = replace(settings, segment_size=2000)
    ledger = Ledger.create(tmp_path / "ledger", origin=ORIGIN, settings=settings)
    for n in range(600):
        ledger.append([decision(n)])
    before = len(list((ledger.folder / "wal").iterdir()))
    ledger.checkpoint()
    entries = _entries(ledger)
    assert len(list((ledger.folder / "wal").iterdir())) < before / 4
    ledger.close()
    again = Ledger.open(ledger.folder, settings=settings)
    assert _entries(again) == entries
    again.close()


def test_one_writer_only(ledger: Ledger, settings: Settings) -> None:
    """While one has it open, another is refused; afterwards it is not."""
    with pytest.raises(EvidenceError, match="RF941"):
        Ledger.open(ledger.folder, settings=settings)
    ledger.close()
    Ledger.open(ledger.folder, settings=settings).close()


def test_what_is_no_ledger_is_refused(tmp_path: Path, ledger: Ledger, settings: Settings) -> None:
    """An empty folder, another format and one that holds a ledger already are RF947."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvidenceError, match="RF947"):
        Ledger.open(tmp_path / "empty", settings=settings)
    with pytest.raises(EvidenceError, match="RF947"):
        Ledger.create(ledger.folder, origin=ORIGIN, settings=settings)
    ledger.close()
    about = ledger.folder / "ledger.json"
    content = about.read_bytes()
    stranger = key_of(SECOND).vkey.encode()
    for altered in (
        content.replace(b"/v1", b"/v2"), content.replace(b"platform", b"platfork"), b"[]", b"{",
        content.replace(key_of(FIRST).vkey.encode(), stranger),
    ):  # fmt: skip
        about.write_bytes(altered)
        with pytest.raises(EvidenceError, match="RF947"):
            Ledger.open(ledger.folder, settings=settings)


def test_without_a_key_nothing_is_made_or_signed(tmp_path: Path, settings: Settings) -> None:
    """No key makes no ledger; one opened without its key takes records and signs nothing."""
    with pytest.raises(EvidenceError, match="RF950"):
        Ledger.create(tmp_path / "l", origin=ORIGIN, settings=replace(settings, keys=()))
    Ledger.create(tmp_path / "l", origin=ORIGIN, settings=settings).close()
    ledger = Ledger.open(tmp_path / "l")
    assert ledger.append([decision(0)]).positions == (1,)
    with pytest.raises(EvidenceError, match="RF950"):
        ledger.checkpoint()
    ledger.close()


def test_a_key_rotates_with_both_signatures(ledger: Ledger, settings: Settings) -> None:
    """The new key's first checkpoint carries both; after the overlap only the new one signs."""
    ledger.append([decision(n) for n in range(10)])
    ledger.checkpoint()
    note = ledger.rotate(SECOND, overlap=5).note
    for key in (FIRST, SECOND):
        assert open_note(note, key=key_of(key))
    ledger.append([decision(n) for n in range(10, 20)])
    later = ledger.checkpoint().note
    assert open_note(later, key=key_of(SECOND))
    with pytest.raises(VerifyError, match="RF922"):
        open_note(later, key=key_of(FIRST))
    events = [(n, ledger.read(n).body) for n in ledger.index.kind("key_event")]
    history = KeyHistory.of(events, trusted=key_of(FIRST))
    assert history.open(later).size == 22
    ledger.rotate(THIRD)
    ledger.close()
    Ledger.open(ledger.folder, settings=replace(settings, keys=(SECOND, THIRD))).close()
    stale = Ledger.open(ledger.folder, settings=settings)
    with pytest.raises(EvidenceError, match="RF950"):
        stale.checkpoint()
    stale.close()


def test_a_checkpoint_by_a_retired_key_is_refused(ledger: Ledger, settings: Settings) -> None:
    """One that only the old key signed, beyond its last size, does not open the ledger."""
    ledger.rotate(SECOND, overlap=0)
    ledger.append([decision(0)])
    published = ledger.checkpoint()
    ledger.close()
    from ringfence.evidence.note import sign_note

    old = sign_note(published.checkpoint.text(), name=ORIGIN, key=FIRST)
    (ledger.folder / "checkpoint").write_bytes(old)
    with pytest.raises(VerifyError, match="RF949"):
        Ledger.open(ledger.folder, settings=settings)


def test_a_cut_tail_is_cut_only_where_it_was_not_signed(ledger: Ledger, settings: Settings) -> None:
    """A torn last frame goes and is reported; one that was under a checkpoint refuses to open."""
    ledger.append([decision(n) for n in range(5)])
    ledger.checkpoint()
    ledger.append([decision(9)])
    ledger.close()
    (segment,) = (ledger.folder / "wal").iterdir()
    content = segment.read_bytes()
    segment.write_bytes(content[:-1])
    again = Ledger.open(ledger.folder, settings=settings)
    assert (again.size, again.cut_bytes > 0) == (6, True)
    assert again.append([decision(9)]).added == 1
    again.close()
    segment.write_bytes(content[:400])
    with pytest.raises(EvidenceError, match="RF943"):
        Ledger.open(ledger.folder, settings=settings)


def _backup(ledger: Ledger) -> Path:
    """Copy a ledger's folder, as a backup of a running machine does."""
    return Path(shutil.copytree(ledger.folder, ledger.folder.with_name("backup")))


def _restore(ledger: Ledger, backup: Path) -> None:
    ledger.close()
    shutil.rmtree(ledger.folder)
    shutil.copytree(backup, ledger.folder)


def test_an_old_backup_is_refused_by_the_state_elsewhere(
    tmp_path: Path, settings: Settings
) -> None:
    """The folder restored, the copy of what was signed is newer: nothing is taken or signed."""
    settings = replace(settings, state=tmp_path / "elsewhere" / "signed")
    ledger = Ledger.create(tmp_path / "ledger", origin=ORIGIN, settings=settings)
    ledger.append([decision(n) for n in range(10)])
    ledger.checkpoint()
    backup = _backup(ledger)
    ledger.append([decision(n) for n in range(10, 20)])
    ledger.checkpoint()
    _restore(ledger, backup)
    with pytest.raises(EvidenceError, match="RF943"):
        Ledger.open(ledger.folder, settings=settings)


@pytest.mark.parametrize("name", ["wal", "tile", "index.sqlite", "checkpoint", "signed"])
def test_a_part_restored_or_gone_signs_no_fork(
    ledger: Ledger, settings: Settings, name: str
) -> None:
    """With any one part from an old backup, or gone, it is refused, or the same tree is signed."""
    ledger.append([decision(n) for n in range(300)])
    ledger.checkpoint()
    backup = _backup(ledger)
    ledger.append([decision(n) for n in range(300, 700)])
    last = ledger.checkpoint().checkpoint
    ledger.close()
    kept = shutil.copytree(ledger.folder, ledger.folder.with_name("kept"))
    for source in (backup, None):
        shutil.rmtree(ledger.folder)
        shutil.copytree(kept, ledger.folder)
        path = ledger.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if source and (source / name).is_dir():
            shutil.copytree(source / name, path)
        elif source:
            shutil.copy(source / name, path)
        with suppress(EvidenceError, VerifyError):
            again = Ledger.open(ledger.folder, settings=settings)
            assert again.checkpoint().checkpoint == last
            again.close()
            continue
        assert name in ("wal", "tile")


def test_an_altered_record_under_a_checkpoint_is_never_signed_over(
    ledger: Ledger, settings: Settings
) -> None:
    """Where tiles of signed records say something else, the ledger does not open."""
    ledger.append([decision(n) for n in range(20)])
    ledger.checkpoint()
    ledger.close()
    tile = ledger.folder / "tile/0/000.p/21"
    content = tile.read_bytes()
    tile.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(EvidenceError, match="RF944"):
        Ledger.open(ledger.folder, settings=settings)


class _Witnesses:
    """Two witnesses of others, each of which can be made not to answer."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.down: set[str] = set()
        logs = {ORIGIN: (key_of(FIRST),)}
        self.all = {
            name: Witness(folder / name, name=name, key=key, logs=logs, clock=clock)
            for name, key in [("w1.example", SECOND), ("w2.example", THIRD)]
        }

    def witnessing(self, threshold: int) -> Witnessing:
        trusted = tuple(TrustedWitness(one.key, f"org-{name}") for name, one in self.all.items())
        quorum = Quorum(witnesses=trusted, threshold=threshold, log_operator="us")
        return Witnessing(quorum=quorum, ask={name: self._ask(name) for name in self.all})

    def _ask(self, name: str) -> Callable[[bytes], WitnessAnswer]:
        return lambda body: (
            WitnessAnswer(status=503) if name in self.down else self.all[name].add_checkpoint(body)
        )


@pytest.fixture
def witnesses(tmp_path: Path, clock: Clock) -> Iterator[_Witnesses]:
    """Run two witnesses."""
    made = _Witnesses(tmp_path / "witnesses", clock)
    yield made
    for one in made.all.values():
        one.close()


def test_a_checkpoint_is_published_with_its_quorum(
    tmp_path: Path, settings: Settings, witnesses: _Witnesses, clock: Clock
) -> None:
    """With one of two down a quorum of one is met; of two it is not, and nothing is published."""
    witnessing = witnesses.witnessing(1)
    settings = replace(settings, witnessing=witnessing)
    ledger = Ledger.create(tmp_path / "ledger", origin=ORIGIN, settings=settings)
    witnesses.down = {"w2.example"}
    published = ledger.checkpoint()
    assert [one.key.name for one in witnessing.quorum.verify(published.note)] == ["w1.example"]
    assert published.problems == ("`w2.example` answered with status 503",)
    witnesses.down = {"w1.example", "w2.example"}
    ledger.append([decision(0)])
    for _ in range(2):
        with pytest.raises(EvidenceError, match="RF952"):
            ledger.checkpoint()
    assert (ledger.folder / "checkpoint").read_bytes() == published.note
    clock.now += 1
    witnesses.down.clear()
    later = ledger.tick()
    assert later is not None
    assert len(witnessing.quorum.verify(later.note, now=int(clock.now), max_age=0)) == 2
    ledger.close()


def test_an_old_backup_is_refused_by_a_witness(
    tmp_path: Path, settings: Settings, witnesses: _Witnesses
) -> None:
    """Everything of ours restored, the witness knows more: the ledger does not open, nor sign later."""
    settings = replace(settings, witnessing=witnesses.witnessing(1))
    ledger = Ledger.create(tmp_path / "ledger", origin=ORIGIN, settings=settings)
    ledger.append([decision(n) for n in range(10)])
    ledger.checkpoint()
    backup = _backup(ledger)
    ledger.append([decision(n) for n in range(10, 20)])
    ledger.checkpoint()
    _restore(ledger, backup)
    with pytest.raises(EvidenceError, match="RF943"):
        Ledger.open(ledger.folder, settings=settings)
    witnesses.down = {"w1.example", "w2.example"}
    quiet = Ledger.open(ledger.folder, settings=settings)
    signed = SignedState([ledger.folder / "signed"], disk=settings.disk).read()
    quiet.append([decision(n) for n in range(50, 90)])
    with pytest.raises(EvidenceError, match="RF951"):
        quiet.checkpoint()
    witnesses.down.clear()
    for _ in range(2):
        with pytest.raises(EvidenceError, match="RF943"):
            quiet.checkpoint()
    assert SignedState([ledger.folder / "signed"], disk=settings.disk).read() == signed
    with pytest.raises(EvidenceError, match="RF943"):
        quiet.append([decision(99)])
    quiet.close()


def test_a_new_ledger_under_a_known_origin_is_refused(
    tmp_path: Path, settings: Settings, witnesses: _Witnesses
) -> None:
    """A witness that has cosigned records of this origin lets no empty ledger begin under it."""
    settings = replace(settings, witnessing=witnesses.witnessing(1))
    first = Ledger.create(tmp_path / "a", origin=ORIGIN, settings=settings)
    first.checkpoint()
    first.close()
    with pytest.raises(EvidenceError, match="RF943"):
        Ledger.create(tmp_path / "b", origin=ORIGIN, settings=settings)


def test_threads_append_and_publish_at_once(ledger: Ledger) -> None:
    """Eight threads deliver while a ninth publishes; each record stands once, under a sound tree."""
    done = threading.Event()
    points: list[Checkpoint] = []

    def publish() -> None:
        while not done.is_set():
            points.append(ledger.checkpoint().checkpoint)

    def deliver(number: int) -> None:
        for start in range(0, 60, 6):
            ledger.append(
                [decision(n, principal=f"p{number % 4}") for n in range(start, start + 6)]
            )

    publisher = threading.Thread(target=publish)
    publisher.start()
    writers = [threading.Thread(target=deliver, args=(number,)) for number in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    done.set()
    publisher.join()
    points.append(ledger.checkpoint().checkpoint)
    leaves = [leaf_hash(entry) for entry in _entries(ledger)]
    assert len(leaves) == 4 * 60 + 1
    assert all(one.root == root_of(leaves[: one.size]) for one in points)


FAULTS = [("write", errno.ENOSPC), ("sync", errno.EIO), ("rename", errno.EIO),
          ("sync_folder", errno.EIO), ("create", errno.ENOSPC)]  # fmt: skip


@pytest.mark.parametrize(("operation", "number"), FAULTS)
def test_a_failing_disk_loses_and_forks_nothing(
    tmp_path: Path, settings: Settings, operation: str, number: int
) -> None:
    """Whatever fails once in append or checkpoint, opened again the ledger has all it acknowledged."""
    disk = FaultyDisk()
    settings = replace(settings, disk=disk)
    ledger = Ledger.create(tmp_path / "ledger", origin=ORIGIN, settings=settings)
    first = ledger.checkpoint().checkpoint
    for step in ("append", "checkpoint"):
        disk.fault = failing_once(operation, OSError(number, "no"))
        with suppress(EvidenceError):
            ledger.append([decision(0)]) if step == "append" else ledger.checkpoint()
        disk.fault = lambda count, name: None
    acknowledged = []
    with suppress(EvidenceError):
        acknowledged = list(ledger.append([decision(n) for n in range(1, 9)]).positions)
    ledger.close()
    again = Ledger.open(ledger.folder, settings=settings)
    assert again.size > max(acknowledged, default=0)
    last = again.checkpoint().checkpoint
    assert again.tree().root(first.size) == first.root
    assert last.root == root_of([leaf_hash(entry) for entry in _entries(again)])
    again.close()


def _live(
    ledger: Ledger, rng: random.Random, notes: list[bytes], acknowledged: list[bytes]
) -> None:
    for start in range(0, 60, 12):
        records = [decision(n, pad="x" * rng.randint(0, 40)) for n in range(start, start + 12)]
        ledger.append(records)
        acknowledged += [record.data for record in records]
        if rng.random() < 0.6:
            notes.append(ledger.checkpoint().note)


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_at_any_step_loses_and_forks_nothing(
    tmp_path: Path, settings: Settings, seed: int
) -> None:
    """Stopped at operation after operation, all acknowledged is there and each note is a prefix."""
    number, finished = 0, False
    while not finished:
        number += random.Random(number).randint(1, 12)
        folder, rng = tmp_path / str(number), random.Random(seed)
        disk = FaultyDisk()
        failing_settings = replace(settings, disk=disk, segment_size=4000)
        ledger = Ledger.create(folder, origin=ORIGIN, settings=failing_settings)
        disk.operations.clear()
        disk.fault = failing(number, PowerCut())
        notes: list[bytes] = []
        acknowledged: list[bytes] = []
        with suppress(PowerCut):
            _live(ledger, rng, notes, acknowledged)
            finished = True
        disk.fault = lambda count, name: None
        ledger.close()
        close_all(disk)
        disk.cut_power(random.Random(number))
        again = Ledger.open(folder, settings=settings)
        found = set(_entries(again))
        assert found.issuperset(acknowledged)
        last = again.checkpoint().checkpoint
        for note in notes:
            before = Checkpoint.parse(open_note(note, key=key_of(FIRST)).text)
            assert before.size <= last.size
            assert again.tree().root(before.size) == before.root
        again.close()
    assert number > 60


def test_what_is_delivered_stands_once_and_what_the_writer_counts_as_often_as_it_comes(
    ledger: Ledger,
) -> None:
    """The very bytes of a run, or of a gap of one decision, come in once; refused uploads all count."""
    run: Any = make_record(RecordKind.RUN, {"run_id": "r-1"})
    found = make_record(RecordKind.GAP, {"cause": "no_run", "decision_id": "d-1"})
    refused = make_record(RecordKind.GAP, {"cause": "refused", "codes": {"RF981": 1}})
    assert ledger.append([run, run, found]).positions == (1, 1, 2)
    assert ledger.append([refused, refused, found, run]).positions == (3, 4, 2, 1)
    assert ledger.index.kind("run") == (1,)
    assert ledger.index.kind("gap") == (2, 3, 4)


def test_a_decision_is_found_by_id_and_tenant(ledger: Ledger) -> None:
    """Whoever delivered it, and however late the index was written; under another tenant it is not there."""
    ledger.append([decision(n, principal=f"sidecar-{n % 3}") for n in range(9)])
    ledger.append([decision(0, principal="sidecar-9", tenant="globex")])
    assert all(ledger.holds_decision(f"d-{n}", same={"tenant": "acme"}) for n in range(9))
    assert ledger.holds_decision("d-0", same={"tenant": "globex"})
    assert not ledger.holds_decision("d-1", same={"tenant": "globex"})
    assert not ledger.holds_decision("d-9", same={"tenant": "acme"})
    positions = ledger.index.decisions("d-0")
    assert [ledger.read(one).body["tenant"] for one in positions] == ["acme", "globex"]
    ledger.index.flush()
    assert ledger.index.decisions("d-0") == positions
    assert all(ledger.holds_decision(f"d-{n}", same={"tenant": "acme"}) for n in range(9))
