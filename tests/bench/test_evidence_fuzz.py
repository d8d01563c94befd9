"""Random alterations of everything that is verified or received: none is accepted, and nothing breaks.

`RINGFENCE_FUZZ_CASES` says how many in all (a few thousand by default, a million by `make bench`), and
`RINGFENCE_FUZZ_SEED` which; the seed and what came of the cases are printed. Deliveries of records come
on top.

An altered artefact may be accepted where its meaning is the same, and only then: lines of strangers under
a checkpoint, and files of a ledger's folder that are not of its published tree, are for everybody to add.
Of packages no byte may differ.
"""

import gzip
import json
import os
import random
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.bench.deliveries import delivering, sent
from tests.bench.mutations import changed, mutated
from tests.collector.harness import make_place
from tests.collector.inprocess import InProcess, in_process
from tests.collector.samples import REVISION, logged
from tests.evidence.samples import KEY, event, records
from tests.evidence.samples import ORIGIN as PACKAGE_ORIGIN
from tests.export.samples import PACKAGE, make_ledger, package, verifier
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of, tree_of
from tests.ledger.test_index import decision

from ringfence.codes import CODES
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.inspection import inspect
from ringfence.evidence.note import NoteKey, sign_note, split_note
from ringfence.evidence.records import RecordKind, make_record
from ringfence.evidence.seal import seal
from ringfence.evidence.verify import Verifier
from ringfence.export.archive import pack
from ringfence.export.build import package_files
from ringfence.export.folder import write_folder
from ringfence.export.package_key import PackageKey, PackageSigner
from ringfence.export.predicate import Exporter
from ringfence.export.request import ExportRequest
from ringfence.export.selection import Selection, select
from ringfence.export.verify import ExportVerifier
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.frames import FrameLog, stored_frames
from ringfence.ledger.fsck import check_frames, check_index, fsck
from ringfence.ledger.key_event import KeyHistory, rotation_record, start_record
from ringfence.ledger.proof_file import ProofFile
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.proving import prove
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.submission import Submission
from ringfence.ledger.tiles import TileReader
from ringfence.ledger.trust import LedgerTrust
from ringfence.ledger.witness import Witness
from ringfence.views.table import VIEWS

pytestmark = pytest.mark.bench

CASES = int(os.environ.get("RINGFENCE_FUZZ_CASES", "4000"))
SEED = int(os.environ.get("RINGFENCE_FUZZ_SEED", random.SystemRandom().getrandbits(32)))
NOW = 1_800_000_000
WITNESS = WitnessKey("witness.example", THIRD.public_key())
QUORUM = Quorum(witnesses=(TrustedWitness(WITNESS, "them"),), threshold=1, log_operator="us")
SHARES = {"checkpoints": 18, "proofs": 24, "ledgers": 21, "frames": 4, "signed": 3, "sealed": 5,
          "exported": 7, "submissions": 6, "uploads": 12, "deliveries": 5}  # fmt: skip
"""Of a hundred cases; deliveries come on top, so that a seed still draws what it drew before them."""


@dataclass
class Tally:
    """What came of the cases of one kind."""

    what: str
    rng: random.Random = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{SEED} {self.what}")

    def run(self, case: Callable[[], str], *, least: float = 0.5) -> None:
        """Run this kind's share of the cases, print what came of them, and see that enough were refused."""
        start = time.process_time()
        total = CASES * SHARES[self.what] // 100
        for _ in range(total):
            self.counts[case()] += 1
        said = ", ".join(f"{name} {n}" for name, n in self.counts.most_common())
        took = time.process_time() - start
        print(f"\n{self.what}: {total} cases in {took:.0f} s of CPU, seed {SEED}: {said}")
        passed = sum(self.counts[one] for one in ("unchanged", "same", "200", "read"))
        assert total - passed > total * least


def refusal(verify: Callable[[], object], *, allowed: Sequence[object]) -> str:
    """Return the code of a refusal, or `same` where what was shown is one of the allowed."""
    try:
        shown = verify()
    except VerifyError as error:
        refused = error
    else:
        assert shown in allowed, "an altered artefact was accepted"
        return "same"
    assert refused.code in CODES
    assert "\n" not in refused.message
    return refused.code


@dataclass(frozen=True, slots=True)
class Log:
    """A small cosigned ledger with a rotated key, its notes by age, and its records."""

    folder: Path
    notes: tuple[bytes, ...]
    records: tuple[bytes, ...]

    @property
    def last(self) -> Checkpoint:
        """Return the newest checkpoint."""
        return Checkpoint.parse(split_note(self.notes[-1])[0])


def _log(folder: Path, *, action: str) -> Log:
    keys = (key_of(FIRST), key_of(SECOND))
    witness = Witness(
        folder / "w", name=WITNESS.name, key=THIRD, logs={ORIGIN: keys}, clock=Clock()
    )
    witnessing = Witnessing(quorum=QUORUM, ask={WITNESS.name: witness.add_checkpoint})
    settings = Settings(keys=(FIRST,), clock=Clock(), witnessing=witnessing)
    ledger = Ledger.create(folder / "l", origin=ORIGIN, settings=settings)
    notes = []
    for start in (0, 100, 200):
        ledger.append([decision(n, action=action) for n in range(start, start + 100)])
        notes.append(ledger.checkpoint().note)
    notes.append(ledger.rotate(SECOND, overlap=5).note)
    made = tuple(ledger.read(n).data for n in range(ledger.size))
    ledger.close()
    witness.close()
    shutil.rmtree(folder / "l/wal")  # what is published is what is fuzzed
    for name in ("index.sqlite", "lock", "signed", "ledger.json"):
        (folder / "l" / name).unlink()
    return Log(folder / "l", tuple(notes), made)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, Log]:
    """Write a ledger, and another story under the same keys; both read only."""
    folder = tmp_path_factory.mktemp("logs")
    return _log(folder / "a", action="block"), _log(folder / "b", action="allow")


def test_altered_checkpoints(logs: tuple[Log, Log]) -> None:
    """An altered note opens only as a checkpoint that the log has signed and the witness cosigned."""
    tally = Tally("checkpoints")
    events = [(n, json.loads(logs[0].records[n])["body"]) for n in (0, 301)]
    history = KeyHistory.of(events)

    def opened(note: bytes) -> object:
        found = history.open(note)
        return found, QUORUM.verify(note, now=NOW, max_age=60)

    notes = [note for log in logs for note in log.notes]
    allowed = [opened(note) for note in notes]

    def case() -> str:
        note = mutated(tally.rng.choice(notes), rng=tally.rng, others=notes)
        return refusal(lambda: opened(note), allowed=allowed)

    tally.run(case)


def test_altered_proofs(logs: tuple[Log, Log]) -> None:
    """An altered proof shows a record only where that record stands."""
    tally = Tally("proofs")
    trust = LedgerTrust(key=key_of(SECOND), quorum=QUORUM, now=NOW, max_age=60)
    made = [
        prove(log.folder, trust=trust, index=n).encode() for log in logs for n in (0, 7, 255, 256, 301)
    ]  # fmt: skip

    def shown(data: bytes) -> object:
        found = ProofFile.parse(data).verify(trust=trust)
        return found.position, found.record, found.checkpoint, found.cosignatures

    allowed = [shown(data) for data in made]

    def case() -> str:
        data = mutated(tally.rng.choice(made), rng=tally.rng, others=made)
        return refusal(lambda: shown(data), allowed=allowed)

    tally.run(case)


def test_altered_ledgers(logs: tuple[Log, Log], tmp_path: Path) -> None:
    """A ledger of which files are altered, gone, moved or another's shows the very same records, or none."""
    tally = Tally("ledgers")
    folder = Path(shutil.copytree(logs[0].folder, tmp_path / "l"))
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    sound = {name: (folder / name).read_bytes() for name in names}
    pool = list(sound.values())
    for path in sorted(logs[1].folder.rglob("*")):
        pool += [path.read_bytes()] if path.is_file() else []

    def shown() -> object:
        found: list[bytes] = []
        result = fsck(
            folder,
            trusted=key_of(FIRST),
            quorum=QUORUM,
            now=NOW,
            max_age=60,
            pinned=[logs[0].last],
            each=lambda _, bundle, __: found.append(bundle),
        )
        return result, b"".join(found)

    allowed = [shown()]

    def case() -> str:
        some = tally.rng.sample(names, tally.rng.choice((1, 1, 1, 2)))
        for name in some:
            kind = tally.rng.random()
            if kind < 0.05:
                (folder / name).unlink()
            elif kind < 0.15:
                (folder / name).write_bytes(tally.rng.choice(pool))
            else:
                (folder / name).write_bytes(mutated(sound[name], rng=tally.rng, others=pool))
        try:
            return refusal(shown, allowed=allowed)
        finally:
            for name in some:
                (folder / name).write_bytes(sound[name])

    tally.run(case)


def test_altered_frames(tmp_path: Path) -> None:
    """Of an altered write-ahead log whole batches are read, from its beginning on, or none."""
    tally = Tally("frames")
    batches = [[b"%d-%d" % (n, one) * n for one in range(n + 1)] for n in range(12)]
    segments = []
    for name in ("a", "b"):
        log = FrameLog(tmp_path / name)
        for batch in batches:
            log.append(batch)
        log.close()
        segments.append(tmp_path / name / f"{0:020}.wal")
    contents = [path.read_bytes() for path in segments]

    def case() -> str:
        segments[0].write_bytes(mutated(contents[0], rng=tally.rng, others=contents))
        try:
            found = [list(frame.entries()) for frame in stored_frames(segments[0].parent)]
        except EvidenceError as error:
            return error.code
        assert found == batches[: len(found)]
        return "same" if len(found) == len(batches) else "a torn tail"

    tally.run(case)


def _altered_files(
    tally: Tally, files: dict[str, bytes], pool: Sequence[bytes]
) -> dict[str, bytes] | None:
    """Return the files with one or two altered, gone, exchanged or added; None where all are the same."""
    made = dict(files)
    for name in tally.rng.sample(sorted(made), tally.rng.choice((1, 1, 1, 2))):
        kind = tally.rng.random()
        if kind < 0.05:
            made.pop(name, None)
        elif kind < 0.1:
            made[name] = tally.rng.choice(pool)
        elif kind < 0.15:
            made[name + ".bak"] = made[name]
        else:
            made[name] = mutated(made[name], rng=tally.rng, others=pool)
    return None if made == files else made


def _folder_case(
    tally: Tally,
    files: dict[str, bytes],
    others: dict[str, bytes],
    folder: Path,
    verify: Callable[[Path], object],
) -> Callable[[], str]:
    """Return a case: files of the folder are altered, verified, and put back."""
    pool = [*files.values(), *others.values()]
    write_folder(folder, files)
    verify(folder)

    def put(wanted: dict[str, bytes], there: dict[str, bytes]) -> None:
        for name in there.keys() - wanted.keys():
            (folder / name).unlink()
        for name, content in wanted.items():
            if there.get(name) != content:
                (folder / name).write_bytes(content)

    def case() -> str:
        made = _altered_files(tally, files, pool)
        if made is None:
            return "unchanged"
        put(made, files)
        try:
            return refusal(lambda: verify(folder), allowed=())
        finally:
            put(files, made)

    return case


def _read(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _sealed(out: Path, size: int) -> dict[str, bytes]:
    made = records([event(n) for n in range(size)])
    return _read(seal(made, out=out, origin=PACKAGE_ORIGIN, key=KEY).path)


def test_altered_sealed_packages(tmp_path: Path) -> None:
    """No byte of a sealed package can be altered, no file dropped, exchanged or added."""
    tally = Tally("sealed")
    one, other = _sealed(tmp_path / "1", 3), _sealed(tmp_path / "2", 4)
    verifying = Verifier(trusted_key=KEY.public_key(), origin=PACKAGE_ORIGIN)
    tally.run(_folder_case(tally, one, other, tmp_path / "p", verifying.verify))


def test_altered_exported_packages(tmp_path: Path) -> None:
    """No byte of an exported package can be altered, neither in its folder nor in its archive."""
    tally = Tally("exported")
    site, verifying, archive = make_ledger(tmp_path / "site"), verifier(), tmp_path / "p.tar"
    files, others = site.files(), package(site.older)
    sound, other = pack(files), pack(others)
    archive.write_bytes(sound)
    verifying.verify(archive)
    in_folder = _folder_case(tally, files, others, tmp_path / "p", verifying.verify)

    def in_archive() -> str:
        data = mutated(sound, rng=tally.rng, others=[sound, other])
        if data in (sound, other):
            return "unchanged"
        archive.write_bytes(data)
        return refusal(lambda: verifying.verify(archive), allowed=())

    def case() -> str:
        return in_folder() if tally.rng.random() < 0.5 else in_archive()

    tally.run(case)


def test_altered_submissions(logs: tuple[Log, Log], tmp_path: Path) -> None:
    """Whatever a witness is asked, it answers by the protocol, and cosigns the one story only."""
    tally = Tally("submissions")
    keys = {ORIGIN: (key_of(FIRST), key_of(SECOND))}
    witness = Witness(tmp_path / "w", name=WITNESS.name, key=THIRD, logs=keys, clock=Clock())
    sizes = [Checkpoint.parse(split_note(note)[0]).size for note in logs[0].notes]
    sound = [
        Submission(old=old, proof=_steps(log, old, size), note=note).encode()
        for log in logs
        for size, note in zip(sizes, log.notes, strict=True)
        for old in (0, *sizes)
        if old <= size
    ]
    first = Submission(old=0, proof=(), note=logs[0].notes[0]).encode()
    assert witness.add_checkpoint(first).status == 200
    (state,) = (path for path in (tmp_path / "w").iterdir() if path.name != "lock")
    story = {Checkpoint.parse(split_note(note)[0]) for note in logs[0].notes}

    def case() -> str:
        body = mutated(tally.rng.choice(sound), rng=tally.rng, others=sound)
        status = witness.add_checkpoint(body).status
        assert status in (200, 400, 403, 404, 409, 422)
        if status == 200:
            assert Checkpoint.parse(split_note(state.read_bytes())[0]) in story
        return str(status)

    tally.run(case)
    witness.close()


def _steps(log: Log, old: int, size: int) -> tuple[bytes, ...]:
    tree = TiledTree(TileReader(log.folder, size=len(log.records)), size)
    return tuple(tree.consistency_proof(old)) if old else ()


def _altered_record(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Return a record that is altered as a value, most often in its body, or as text."""
    if rng.random() < 0.2:
        return mutated(data, rng=rng, others=others)[:65_535]
    value = json.loads(data)
    if rng.random() < 0.9:
        value["body"] = changed(value["body"], rng=rng)
    else:
        value = changed(value, rng=rng)
    try:
        return canonical_bytes(value)[:65_535]
    except EvidenceError:
        return json.dumps(value).encode("utf-8", "surrogatepass")[:65_535]


def _signed_log(folder: Path, entries: list[bytes]) -> None:
    """Sign whatever entries as the log's operator can, with both keys of the rotation."""
    tree = tree_of(folder, entries)
    text = Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root()).text()
    second = sign_note(text, name=ORIGIN, key=SECOND)[len(text) + 1 :]
    (folder / "checkpoint").write_bytes(sign_note(text, name=ORIGIN, key=FIRST) + second)


def test_whatever_the_log_has_signed(tmp_path: Path) -> None:
    """A dishonest log signs altered records: every reader refuses them, or goes on, and none breaks."""
    tally = Tally("signed")
    gap = {
        "cause": "refused",
        "codes": {"RF904": 1},
        "decision_ids": ["decision-1"],
        "tenant": "acme",
    }
    run = {
        "run_id": "run-1",
        "tenant": "acme",
        "checks": [{"id": "a", "decision_id": "decision-1"}],
    }
    conflict = {"decision_id": "decision-0", "first": "00", "other": "11", "tenant": "acme"}
    sound = [one.data for one in (
        start_record(origin=ORIGIN, key=FIRST),
        *records([event(n) for n in range(3)]),
        make_record(RecordKind.GAP, gap), make_record(RecordKind.RUN, run),
        make_record(RecordKind.CONFLICT, conflict),
        rotation_record(origin=ORIGIN, old=FIRST, new=SECOND, position=7, overlap=5),
    )]  # fmt: skip
    trust, folder = LedgerTrust(key=key_of(FIRST)), tmp_path / "l"
    chosen = Selection(tenants=frozenset({"acme"}))
    ask = ExportRequest(
        profile="operator",
        selection=chosen,
        exporter=Exporter(name="a", by="ledger"),
        views=tuple(VIEWS),
    )
    verifying = ExportVerifier(trust=trust, package_key=PackageKey(PACKAGE.public_key()))

    def exported() -> None:
        found = select(folder, chosen, trust=trust)
        signer = PackageSigner(PACKAGE)
        files = package_files(found, ledger=folder, request=ask, pinned=(), signer=signer)
        (tmp_path / "p.tar").write_bytes(pack(files))
        verifying.verify(tmp_path / "p.tar")

    readers: tuple[Callable[[], object], ...] = (
        lambda: fsck(folder, trusted=key_of(FIRST)),
        lambda: inspect(folder, "decision-1", trust=trust),
        lambda: inspect(folder, "trace-1", trust=trust, tenant="acme"),
        lambda: prove(folder, trust=trust, decision="decision-1"),
        exported,
    )

    def case() -> str:
        entries = list(sound)
        at = tally.rng.randrange(len(entries))
        entries[at] = _altered_record(entries[at], tally.rng, sound)
        shutil.rmtree(folder, ignore_errors=True)
        _signed_log(folder, entries)
        try:
            tally.rng.choice(readers)()
        except (VerifyError, EvidenceError) as error:
            return error.code
        return "read"

    _signed_log(folder, sound)
    for reader in readers:
        reader()
    tally.run(case, least=0.2)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("equal keys")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _is_upload(body: bytes) -> bool:
    """Tell by Python's own gzip and json whether a body is an upload at all."""
    try:
        found = json.loads(
            gzip.decompress(body), object_pairs_hook=_no_repeats, parse_constant=_no_constant
        )
    except (OSError, EOFError, ValueError, zlib.error, RecursionError):
        return False
    return isinstance(found, list) and all(
        isinstance(one, dict) and isinstance(one.get("decision_id"), str) and "timestamp" in one
        for one in found
    )


def _upload(rng: random.Random) -> bytes:
    """Return a body that is altered as a value, as text, or after its compression."""
    value: Any = [logged(rng.randrange(50)) for _ in range(rng.randint(1, 3))]
    kind = rng.random()
    if kind < 0.45:
        for _ in range(rng.randint(1, 3)):
            value = changed(value, rng=rng)
        return gzip.compress(json.dumps(value).encode("utf-8", "surrogatepass"), 1)
    text = json.dumps(value).encode()
    if kind < 0.8:
        return gzip.compress(mutated(text, rng=rng), 1)
    return mutated(gzip.compress(text, 1), rng=rng)


def _headers(rng: random.Random, token: str) -> list[tuple[str, str]] | None:
    """Return other headers now and then."""
    if rng.random() < 0.97:
        return None
    one = mutated(rng.choice((f"Bearer {token}", "gzip", "identity")).encode(), rng=rng)
    text = one.decode("latin-1")
    return rng.choice(
        (
            [("authorization", text), ("content-encoding", "gzip")],
            [("authorization", f"Bearer {token}"), ("content-encoding", text)],
            [("authorization", f"Bearer {token}"), ("content-encoding", "gzip"), ("content-length", text)],
        )
    )  # fmt: skip


def _status(rng: random.Random) -> bytes:
    """Return an altered status update."""
    counters = {f"counter_decision_logs_dropped_{name}": rng.randint(0, 9) for name in ("rate_limit_exceeded", "x")}  # fmt: skip
    value = {"labels": dict(logged()["labels"]), "metrics": {"prometheus": counters}}
    altered = json.dumps(changed(value, rng=rng)).encode("utf-8", "surrogatepass")
    return mutated(altered, rng=rng) if rng.random() < 0.5 else altered


def _asked(running: InProcess, rng: random.Random) -> int:
    """Send one altered request, and return the status; nothing of what is refused may be stored."""
    (writer,) = running.writers.values()
    before = writer.ledger.size
    running.findings.clear()
    if rng.random() < 0.1:
        answer = running.post("/status", _status(rng))
        assert answer.status in (200, 400, 403, 413), answer
        assert writer.ledger.size <= before + (answer.status == 200)
        return answer.status
    body = _upload(rng)
    answer = running.post("/logs", body, headers=_headers(rng, running.token))
    assert answer.status in (200, 400, 401, 408, 413, 415), (answer, body)
    if answer.status == 200:
        assert _is_upload(body), body
        assert writer.ledger.size <= before + answer.json()["added"] + 2
    else:
        assert writer.ledger.size == before
        assert answer.json()["code"] in CODES
    return answer.status


def test_altered_uploads(tmp_path: Path) -> None:
    """The collector answers an altered upload with 4xx and stores nothing of it, or keeps sound records."""
    tally = Tally("uploads")
    place = make_place(tmp_path / "place", revisions=[REVISION])
    place.config["ledgers"][0]["facts"] = ["runner.class"]
    place.write(limits={"requests_per_second": 10_000, "burst": 100_000, "inflated": 1 << 20})
    with in_process(place) as running:
        tally.run(lambda: str(_asked(running, tally.rng)))
    ledger = place.open()
    ledger.checkpoint()
    for position in range(ledger.size):
        record = ledger.read(position)
        assert len(record.data) <= 65_535
        assert canonical_bytes(json.loads(record.data)) == record.data
    ledger.close()
    fsck(
        place.ledger,
        trusted=NoteKey.of_vkey(json.loads((place.ledger / "ledger.json").read_text())["vkey"]),
    )
    check_frames(place.ledger)
    check_index(place.ledger)


@pytest.mark.parametrize("store", [False, True])
def test_altered_deliveries(tmp_path: Path, store: bool) -> None:
    """Of an altered delivery of records what is stored is sound, and no answer or finding holds what was sent."""
    tally = Tally("deliveries")
    with delivering(tmp_path / "place", store=store) as (place, running):
        tally.run(lambda: sent(running, tally.rng, store=store), least=0.3)
    ledger = place.open()
    ledger.checkpoint()
    ledger.close()
    fsck(
        place.ledger,
        trusted=NoteKey.of_vkey(json.loads((place.ledger / "ledger.json").read_text())["vkey"]),
    )
    check_frames(place.ledger)
    check_index(place.ledger)
