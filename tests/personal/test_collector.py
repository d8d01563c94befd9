"""Facts about personal facts that a running collector receives."""

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.collector.harness import NAME, Place, collecting, make_place, upload, zipped
from tests.collector.samples import REVISION, asked_for, logged
from tests.evidence.kind_samples import BODIES

from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.personal.declared import DECLARED, places
from ringfence.personal.erasing import Request, erase
from ringfence.personal.key_ring import ERASURES
from ringfence.personal.scope import KeyScope
from ringfence.personal.sealing import make_secret
from ringfence.personal.shown import Shown, shown
from ringfence.personal.store import PersonalStore

MARIA = "user:maria@acme.example"
FACTS = {"request": {"by": MARIA}, "runner": {"class": "container"}, "hr": {"grade": 3}}


def event(number: int) -> dict[str, Any]:
    """Return an event that names a person."""
    asked = {"facts": FACTS, "point": "runner.start", "tenant": "example"}
    return logged(number, input=asked)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place whose ledger may copy all facts, and has a personal store."""
    made = make_place(tmp_path / "place", revisions=[REVISION])
    secret = make_secret(made.folder / "personal.key")
    PersonalStore(made.folder / "personal", secret=secret, create=True).close()
    ledger = made.config["ledgers"][0] | {"facts": ["request.by", "runner.class", "hr.grade"]}
    told = {"store": "personal", "key": "personal.key", "facts": ["hr.grade"]}
    made.write(ledgers=[ledger | {"personal": told}])
    return made


def opened(place: Place) -> PersonalStore:
    """Open the place's store."""
    text = (place.folder / "personal.key").read_text().split()[1]
    return PersonalStore(place.folder / "personal", secret=bytes.fromhex(text))


def test_what_is_uploaded_is_committed_to_and_can_be_erased(place: Place) -> None:
    """Values reach the store alone, also when OPA uploads them twice, and go when they are erased."""
    with collecting(place) as collector:
        for _ in range(2):
            sent = zipped([event(1), event(2)])
            assert upload(collector.url, place.token, sent).status_code == 200
        assert MARIA not in collector.said()
    first, second = (one.body for one in place.records())
    assert first["principal"] == NAME
    assert first["facts"] == {"runner.class": "container"}
    assert set(first["committed"].values()).isdisjoint(second["committed"].values())
    for path in place.ledger.rglob("*"):
        assert not path.is_file() or MARIA.encode() not in path.read_bytes()
    store, ledger = opened(place), place.open()
    values = {name: one["value"] for name, one in shown(first, store).items()}
    assert values == {"hr.grade": 3, "request.by": MARIA}
    scope = KeyScope(tenant="example", subject=MARIA)
    erase(ledger, store, Request(scope=scope, by="dpo", reason="r", now=1_800_000_000.0))
    ledger.close()
    assert {one["state"] for one in shown(second, store).values()} == {"erased"}
    store.close()
    assert len(place.records()) == 2


def test_a_store_that_fails_keeps_the_upload_with_opa(place: Place) -> None:
    """Where values cannot be kept the answer is 503, nothing is recorded, and OPA sends it again."""
    file = place.folder / "personal/personal.sqlite"
    with collecting(place) as collector:
        file.rename(file.with_name("away"))
        file.mkdir()
        answer = upload(collector.url, place.token, zipped([event(1)]))
        assert (answer.status_code, answer.json()["code"]) == (503, "RF916")
        file.rmdir()
        file.with_name("away").rename(file)
        assert upload(collector.url, place.token, zipped([event(1)])).status_code == 200
    (record,) = place.records()
    store = opened(place)
    assert shown(record.body, store)["request.by"]["value"] == MARIA
    store.close()


def test_without_a_store_they_are_withheld(place: Place) -> None:
    """The list of facts to copy alone lets no fact through that the schema marks."""
    ledger = {k: v for k, v in place.config["ledgers"][0].items() if k != "personal"}
    place.write(ledgers=[ledger])
    with collecting(place) as collector:
        assert upload(collector.url, place.token, zipped([event(1)])).status_code == 200
    (record,) = place.records()
    assert record.body["withheld"] == ["request.by"]
    assert "committed" not in record.body


def canary_records() -> tuple[list[Record], list[str]]:
    """Return a record of each kind that has texts, and the canaries in them."""
    made, canaries = [], []
    for kind, row in DECLARED.items():
        if kind in (RecordKind.DECISION, RecordKind.RUN):
            continue
        body = {**copy.deepcopy(BODIES[kind]), "tenant": "example"}
        for path in (*row.people, *row.texts):
            for where, inner, member in places(body, path):
                canaries.append(f"canary.{kind.value}.{where}@acme.example")
                inner[member] = canaries[-1]
        made.append(make_record(kind, body))
    assert len(canaries) >= 15
    return made, canaries


@pytest.mark.parametrize("with_store", [True, False])
def test_a_review_holds_no_value_of_a_personal_fact(place: Place, with_store: bool) -> None:
    """What a decision's record commits to does not stand in the clear in what a person says of it."""
    (ledger,) = place.config["ledgers"]
    if not with_store:
        del ledger["personal"]
    place.config["principals"][0]["records"] = ["review"]
    place.write()
    name = "hr.grade" if with_store else "request.by"
    body = {**BODIES[RecordKind.REVIEW], "tenant": "example", "trace_id": None}
    body["decision_id"] = event(1)["decision_id"]
    reviews = [
        make_record(RecordKind.REVIEW, {**body, "observed": [{"name": one, "value": 31_415}]})
        for one in (name, f"{name}.level", "runner.count")
    ]
    with collecting(place) as collector:
        assert upload(collector.url, place.token, zipped([event(1)])).status_code == 200
        sent = b"".join(one.data + b"\n" for one in reviews)
        said = upload(collector.url, place.token, sent, path="/records").json()
    found = [(one["code"], one["line"]) for one in said["findings"]]
    assert (said["added"], found) == (1, [("RF909", 1), ("RF909", 2)])
    assert len(place.records(RecordKind.REVIEW)) == 1


def test_what_is_delivered_names_nobody_anywhere(place: Place) -> None:
    """Canaries in each text and name of each kind, delivered twice, are in no file and no line that is said.

    After they were erased another delivery keeps nothing, and the tombstone is under the checkpoint.
    """
    sent, canaries = canary_records()
    named = [one.body["decision_id"] for one in sent if "decision_id" in one.body]
    asked = asked_for("example")
    kinds = sorted(one.kind.value for one in sent)
    who = {**place.config["principals"][0], "records": kinds}
    place.write(principals=[who])
    body = b"".join(one.data + b"\n" for one in sent)

    def deliver(url: str) -> dict[str, Any]:
        said: dict[str, Any] = upload(url, place.token, body, path="/records").json()
        return said

    with collecting(place) as collector:
        events = [logged(decision_id=one, input=asked) for one in dict.fromkeys(named)]
        assert upload(collector.url, place.token, zipped(events)).status_code == 200
        assert deliver(collector.url)["added"] == len(sent)
        assert deliver(collector.url)["duplicates"] == len(sent)
        printed = collector.said()
    stored = [one for kind in kinds for one in place.records(RecordKind(kind))]
    store, ledger = opened(place), place.open()
    told = [value for one in stored for value in Shown.of(one, store).texts.values()]
    assert {value["value"] for value in told} == set(canaries)
    for period in (None, ERASURES):
        scope = KeyScope(tenant="example", period=period)
        erase(ledger, store, Request(scope=scope, by="dpo", reason="r", now=1_800_000_000.0))
    checkpoint = ledger.checkpoint().checkpoint
    ledger.close()
    assert {value["state"] for one in stored for value in Shown.of(one, store).texts.values()} == {
        "erased"
    }
    store.close()
    with collecting(place) as collector:
        assert deliver(collector.url)["added"] == len(sent)
        assert deliver(collector.url)["duplicates"] == len(sent)
        printed += collector.said()
    files = [one.read_bytes() for one in place.folder.rglob("*") if one.is_file()]
    for canary in canaries:
        assert canary not in printed
        assert not any(canary.encode() in one for one in files)
    events_of = place.records(RecordKind.RETENTION_EVENT)
    known = BODIES[RecordKind.RETENTION_EVENT]["id"]
    first, second = (one.body for one in events_of if one.body["id"] != known)
    assert first["size"] <= second["size"] < checkpoint.size
    assert (set(first["by"]), second["by"]) == ({"person"}, {"erased": True})
