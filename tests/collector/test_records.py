"""Facts about `POST /records`: what those who are no OPA deliver."""

import copy
import gzip
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import requests
from tests.bench.mutations import mutated
from tests.collector.harness import (
    Place,
    collecting,
    make_place,
    upload,
    zipped,
)
from tests.collector.inprocess import Answer, InProcess, in_process
from tests.collector.samples import REVISION, asked_for, logged
from tests.delivery.samples import RUNNER, STRANGER, lines, run_body, signed_run
from tests.evidence.kind_samples import BODIES
from tests.evidence.samples import KEY
from tests.tamper.test_uploads import Losing

from ringfence.collector.config_model import Deliverable
from ringfence.collector.credential import digest_of, new_token
from ringfence.evidence.delivered import DELIVERABLE, read_delivered
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.keys import write_public

MANY = {"requests_per_second": 10_000, "burst": 100_000}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a new ledger, and a configuration whose one principal delivers runs alone."""
    made = make_place(tmp_path / "place", revisions=[REVISION], records=["run"])
    write_public(made.folder / "pool-1.pub.pem", RUNNER.public_key())
    del made.config["principals"][0]["environment"]
    made.write(runners={"pool-1": "pool-1.pub.pem"}, limits=MANY)
    return made


@pytest.fixture
def running(place: Place) -> Iterator[InProcess]:
    """Return the collector's application on that ledger."""
    with in_process(place) as one:
        yield one


def _refusal(answer: Answer) -> tuple[int, int, list[str]]:
    said = answer.json()
    return answer.status, said["added"], [one["code"] for one in said["findings"]]


def _stored(running: InProcess) -> list[Record]:
    (writer,) = running.writers.values()
    return [writer.ledger.read(position) for position in range(1, writer.ledger.size)]


def test_records_are_stored_as_they_were_delivered(place: Place) -> None:
    """Plain or gzip, with or without a last line feed: the ledger holds the very bytes, each once."""
    runs = [signed_run(number) for number in range(3)]
    with in_process(place) as running:
        answer = running.post("/records", lines(*runs))
        said = {"added": 3, "duplicates": 0, "refused": 0, "findings": []}
        assert (answer.status, answer.json()) == (200, said)
        encoded = [("content-encoding", "gzip"), ("authorization", f"Bearer {place.token}")]
        body = gzip.compress(lines(*runs).removesuffix(b"\n"))
        again = running.post("/records", body, headers=encoded).json()
        assert again == {"added": 0, "duplicates": 3, "refused": 0, "findings": []}
        assert running.findings == []
    assert [one.data for one in place.records(RecordKind.RUN)] == [one.data for one in runs]


def test_duplicates_are_known_after_the_index_is_lost(place: Place) -> None:
    """An index that is built anew from the records knows what was delivered."""
    with in_process(place) as running:
        running.post("/records", lines(signed_run(1)))
    for path in place.ledger.glob("index.sqlite*"):
        path.unlink()
    with in_process(place) as running:
        assert running.post("/records", lines(signed_run(1), signed_run(1))).json()["added"] == 0
    assert len(place.records(RecordKind.RUN)) == 1


def test_a_duplicate_within_one_delivery_stands_once(running: InProcess) -> None:
    """The same line twice in one body is one record."""
    said = running.post("/records", lines(signed_run(), signed_run())).json()
    assert (said["added"], said["duplicates"]) == (1, 1)


REFUSED: dict[str, tuple[bytes, str]] = {
    "a run that nobody signed": (make_record(RecordKind.RUN, run_body()).data, "RF909"),
    "a run by another key": (signed_run(key=STRANGER).data, "RF990"),
    "a run of an unknown runner": (signed_run(name="pool-2").data, "RF990"),
    "a run that was changed": (signed_run().data.replace(b"medium", b"larger"), "RF990"),
    "another tenant's run": (signed_run(tenant="other").data, "RF981"),
    "a key event": (make_record(RecordKind.KEY_EVENT, {"tenant": "example"}).data, "RF908"),
    "a decision": (make_record(RecordKind.DECISION, {"tenant": "example"}).data, "RF908"),
    "a conflict": (make_record(RecordKind.CONFLICT, {"tenant": "example"}).data, "RF908"),
    "spaces": (signed_run().data.replace(b":", b": "), "RF908"),
    "members in another order": (
        b'{"kind":"run","body":' + signed_run().data[8:-26] + b',"version":1}',
        "RF908",
    ),
    "a number in another form": (signed_run().data.replace(b":1}", b":1.0}"), "RF908"),
    "equal keys": (b'{"body":{},"kind":"run","kind":"run","version":1}', "RF908"),
    "no JSON": (b"\xff\xfe{", "RF908"),
    "no object": (b"[]", "RF908"),
    "no line": (b"", "RF908"),
    "no kind": (b'{"body":{},"kind":"story","version":1}', "RF908"),
    "a tenant that is no text": (signed_run(tenant=["example"]).data, "RF909"),
    "no member of a run": (make_record(RecordKind.RUN, {"tenant": "example"}).data, "RF909"),
    "over a record's size": (b'{"body":{"x":"' + b"x" * 70_000 + b'"}}', "RF908"),
    "nested beyond any stack": (b"[" * 60_000, "RF908"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_record_of_the_principals_is_refused_alone(
    running: InProcess, what: str
) -> None:
    """Each such line has a code and its place; the run beside it is kept, and nothing else."""
    line, code = REFUSED[what]
    answer = running.post("/records", b"\n".join([line, signed_run(7).data, line, b""]))
    assert _refusal(answer) == (200, 1, [code, code])
    assert [one["line"] for one in answer.json()["findings"]] == [1, 3]
    assert [one.data for one in _stored(running)] == [signed_run(7).data]
    assert [(one["code"], one["line"]) for one in running.findings] == [(code, 1), (code, 3)]


def test_a_kind_that_is_not_the_principals_is_refused(running: InProcess) -> None:
    """Who may deliver runs delivers no gap records."""
    body = {
        "cause": "no_run",
        "decision_id": "d",
        "principal": "p",
        "run_id": "",
        "tenant": "example",
    }
    answer = running.post("/records", make_record(RecordKind.GAP, body).data)
    assert _refusal(answer) == (200, 0, ["RF905"])


BAD: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "one line feed": (b"\n", 400),
    "too many bytes": (b"x" * (65 << 10), 413),
    "too many lines": (b"\n" * 200, 413),
    "gzip bomb": (gzip.compress(b"\n" * (64 << 20)), 413),
    "a torn gzip": (gzip.compress(lines(signed_run()))[:-9], 400),
    "bytes after the gzip": (gzip.compress(lines(signed_run())) + b"x", 400),
}


def test_bad_bodies_are_refused_whole(place: Place) -> None:
    """Whatever is no body within the limits gets a 4xx with a code, and nothing of it is stored."""
    place.write(limits={**MANY, "compressed": 64 << 10, "inflated": 256 << 10, "records": 100})
    with in_process(place) as running:
        for what, (body, status) in BAD.items():
            answer = running.post("/records", body)
            assert (what, answer.status, answer.json()["code"]) == (what, status, "RF980")
        assert _stored(running) == []


def test_who_uploads_delivers_only_what_it_is_given(tmp_path: Path) -> None:
    """Without `records` a sidecar delivers none, and without an environment nobody uploads decisions."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    other, (sidecar,) = new_token(), place.config["principals"]
    deliverer = {
        **copy.deepcopy(sidecar),
        "name": "pool",
        "records": ["gap"],
        "token": digest_of(other),
    }
    del deliverer["environment"]
    place.write(principals=[sidecar, deliverer])
    said = [("authorization", f"Bearer {other}"), ("content-encoding", "gzip")]
    with in_process(place) as running:
        answer = running.post("/records", lines(signed_run()))
        assert (answer.status, answer.json()["code"]) == (403, "RF905")
        for path in ("/logs", "/status"):
            answer = running.post(path, zipped([logged()]), headers=said)
            assert (answer.status, answer.json()["code"]) == (403, "RF983")
        assert running.post("/records", b"x", headers=[]).status == 401
        assert (
            running.post("/records", b"x", headers=[*said[:1], ("content-encoding", "br")]).status
            == 415
        )
        assert _stored(running) == []


def test_the_runs_of_a_principal_come_from_a_runner_by_verifier_key_too(place: Place) -> None:
    """A runner's key may be a C2SP verifier key of the runner's name, and no other's."""
    vkey = place.folder / "pool-1.vkey"
    vkey.write_text(NoteKey("pool-1", RUNNER.public_key()).vkey + "\n")
    place.write(runners={"pool-1": "pool-1.vkey"})
    with in_process(place) as running:
        assert running.post("/records", lines(signed_run())).json()["added"] == 1
    vkey.write_text(NoteKey("pool-2", RUNNER.public_key()).vkey)
    with pytest.raises(Exception, match="is the key of another than `pool-1`"), in_process(place):
        pass


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"records": []}, "has an `environment` to upload decisions of, or `records` to deliver"),
        ({"records": ["key_event"]}, "RF103"),
        ({"records": ["decision"]}, "RF103"),
    ],
)
def test_mistakes_of_a_deliverer_are_told(
    place: Place, changes: dict[str, Any], expected: str
) -> None:
    """A principal has something to report, and no kind that nobody may deliver."""
    from ringfence.collector.config import read_configuration
    from ringfence.errors import CompileError

    place.config["principals"][0] |= changes
    with pytest.raises(CompileError, match=expected):
        read_configuration(place.write())


def test_runs_without_runners_are_a_mistake(place: Place) -> None:
    """A principal of runs needs keys by which they are verified."""
    from ringfence.collector.config import read_configuration
    from ringfence.errors import CompileError

    with pytest.raises(CompileError, match="RF985 no run's signature can be verified"):
        read_configuration(place.write(runners={}))


def test_altered_bodies_never_break_the_collector(place: Place) -> None:
    """Of 3,000 altered bodies each is answered below 500, and only untouched runs are stored."""
    rng = random.Random(17)
    runs = [signed_run(number) for number in range(4)]
    sound = [lines(*runs), lines(runs[0]), gzip.compress(lines(*runs[:2]))]
    known = {one.data for one in runs}
    with in_process(place) as running:
        for _ in range(3_000):
            body = mutated(rng.choice(sound), rng=rng, others=sound)
            assert running.post("/records", body).status in (200, 400, 413)
        assert {one.data for one in _stored(running)} <= known
        running.findings.clear()


def test_an_answer_that_is_lost_in_a_crash_costs_nothing(place: Place) -> None:
    """Killed after the commit and before the answer arrives, the collector has the run: a retry is a duplicate."""
    with collecting(place) as running:
        losing = Losing(running.url, ways=["cut"], path="/records")
        with pytest.raises(requests.ConnectionError):
            upload(losing.url, place.token, lines(signed_run()), path="/records")
        assert losing.lost == 1
        running.stop(signal.SIGKILL)
        losing.close()
    with collecting(place) as running:
        said = upload(running.url, place.token, lines(signed_run()), path="/records").json()
        assert (said["added"], said["duplicates"]) == (0, 1)
    assert [one.data for one in place.records(RecordKind.RUN)] == [signed_run().data]


def test_the_configuration_knows_the_kinds_that_are_delivered() -> None:
    """`records` takes exactly the kinds of which there are forms."""
    assert set(get_args(Deliverable)) == {one.value for one in DELIVERABLE}


def _review(decision_id: str, *, tenant: str = "example", number: int = 0) -> Record:
    body = {**BODIES[RecordKind.REVIEW], "decision_id": decision_id, "tenant": tenant}
    return make_record(RecordKind.REVIEW, {**body, "review_id": f"review-{number}"})


def test_a_review_names_a_decision_of_the_ledger(tmp_path: Path) -> None:
    """What is about an id that no decision of the tenant has is refused until one has it."""
    kinds = ["review", "explanation", "lineage"]
    place = make_place(tmp_path / "place", revisions=[REVISION], records=kinds)
    event = logged(4, input=asked_for("example"))
    review = _review(event["decision_id"])
    why = {
        **BODIES[RecordKind.EXPLANATION],
        "tenant": "example",
        "decision_id": event["decision_id"],
    }
    explanation = make_record(RecordKind.EXPLANATION, why)
    about = {**BODIES[RecordKind.LINEAGE], "tenant": "example", "decision_id": event["decision_id"]}
    lineage = make_record(RecordKind.LINEAGE, about)
    with in_process(place) as running:
        before = running.post("/records", lines(review, explanation, lineage))
        assert _refusal(before) == (200, 0, ["RF906", "RF906", "RF906"])
        assert running.post("/logs", zipped([event])).json()["added"] == 1
        after = running.post("/records", lines(review, explanation, lineage))
        assert after.json()["added"] == 3
        assert _refusal(running.post("/records", lines(_review("d-9")))) == (200, 0, ["RF906"])
    place.config["principals"][0]["tenants"] = ["example", "other"]
    place.write()
    with in_process(place) as running:
        other = running.post("/records", lines(_review(event["decision_id"], tenant="other")))
        assert _refusal(other) == (200, 0, ["RF906"])
        assert running.post("/records", lines(review)).json()["duplicates"] == 1


@pytest.mark.parametrize(
    ("kind", "changes", "added"),
    [
        (RecordKind.EXPLANATION, {}, 1),
        (RecordKind.EXPLANATION, {"action": "allow"}, 0),
        (RecordKind.EXPLANATION, {"trace_id": "trace-1"}, 0),
        (RecordKind.REVIEW, {"trace_id": None}, 0),
        (RecordKind.LINEAGE, {"trace_id": "trace-1"}, 0),
    ],
)
def test_what_is_about_a_decision_has_its_trace_and_action(
    tmp_path: Path, kind: RecordKind, changes: dict[str, Any], added: int
) -> None:
    """An explanation of another outcome, and whatever would stand under another trace, is refused."""
    place = make_place(tmp_path / "place", revisions=[REVISION], records=[kind.value])
    event = logged(4, input=asked_for("example"))
    body = {**BODIES[kind], "decision_id": event["decision_id"], "tenant": "example", **changes}
    with in_process(place) as running:
        assert running.post("/logs", zipped([event])).json()["added"] == 1
        said = running.post("/records", lines(make_record(kind, body)))
        assert _refusal(said) == (200, added, [] if added else ["RF906"])


def test_every_kind_that_others_make_is_taken(tmp_path: Path) -> None:
    """A principal of all kinds delivers one of each, after the decision that three of them name."""
    place = make_place(
        tmp_path / "place",
        revisions=[REVISION],
        tenants=["acme", "platform"],
        records=[one.value for one in DELIVERABLE],
    )
    write_public(place.folder / "runner-7.pub.pem", KEY.public_key())
    place.write(runners={"runner-7": "runner-7.pub.pem"})
    asked = asked_for("acme")
    named = {BODIES[one]["decision_id"] for one in (RecordKind.REVIEW, RecordKind.EXPLANATION)}
    with in_process(place) as running:
        events = [logged(decision_id=one, input=asked) for one in named]
        assert running.post("/logs", zipped(events)).json()["added"] == len(named)
        sent = [make_record(kind, body) for kind, body in BODIES.items()]
        said = running.post("/records", lines(*sent)).json()
        assert said == {"added": len(DELIVERABLE), "duplicates": 0, "refused": 0, "findings": []}
    assert {one.data for kind in DELIVERABLE for one in place.records(kind)} == {
        one.data for one in sent
    }


def test_altered_records_of_all_kinds_are_stored_only_in_their_form(tmp_path: Path) -> None:
    """Whatever is stored of 2,000 altered bodies is canonical, of its kind's form, and of the principal's tenant."""
    place = make_place(
        tmp_path / "place",
        revisions=[REVISION],
        tenants=["acme"],
        records=[one.value for one in DELIVERABLE],
    )
    write_public(place.folder / "pool-1.pub.pem", RUNNER.public_key())
    place.write(runners={"pool-1": "pool-1.pub.pem"}, limits=MANY)
    rng = random.Random(23)
    sound = [make_record(kind, body).data for kind, body in BODIES.items()]
    with in_process(place) as running:
        for _ in range(2_000):
            chosen = rng.sample(sound, rng.randint(1, 3))
            body = b"\n".join(mutated(one, rng=rng, others=sound) for one in chosen)
            assert running.post("/records", body).status in (200, 400, 413)
        stored = _stored(running)
        running.findings.clear()
    assert len({one.data for one in stored} - set(sound)) > 10
    for one in stored:
        assert read_delivered(one.data).body["tenant"] == "acme"
