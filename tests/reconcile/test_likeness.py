"""Facts about comparing events with records that commit to values instead of holding them."""

import copy
import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.samples import decision, event
from tests.reconcile.world import FACTS, Decisions, World, run_of

from ringfence.decision_log.event import log_event
from ringfence.evidence.decision import make_decision
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.personal.keeping import Personal
from ringfence.personal.scope import KeyScope
from ringfence.personal.sealing import make_secret
from ringfence.personal.store import PersonalStore
from ringfence.reconcile.likeness import Likeness, likeness
from ringfence.reconcile.seen import Decided

NAMES = frozenset({"request.by"})
MARIA = "user:maria@acme.example"
ASKED = {"request": {"by": MARIA}, "runner": {"class": "container"}}
ALLOWED = frozenset({"request.by", "runner.class"})


@pytest.fixture
def store(tmp_path: Path) -> PersonalStore:
    """Make a store, with its key beside it."""
    secret = make_secret(tmp_path / "personal.key")
    return PersonalStore(tmp_path / "personal", secret=secret, create=True)


def decided(record: Record) -> Decided:
    """Return a record as reconciling sees it."""
    return Decided.of(record)


def made(store: PersonalStore | None, **changes: Any) -> Record:
    """Return the record of an event with a person, a waived and an approved rule."""
    personal = Personal(names=NAMES, store=store)
    logged = event(0, facts=changes.pop("facts", ASKED), **changes)
    return make_decision(logged, allowed_facts=ALLOWED, personal=personal)


def erase(store: PersonalStore, **scope: str) -> None:
    """Destroy the keys of a scope."""
    store.erase(KeyScope(tenant="acme", **scope), note=lambda _: ("1", "{}"))


def test_what_opens_to_the_events_values_is_the_same(store: PersonalStore) -> None:
    """With the store an event is known by its facts, texts and people, and nothing is written."""
    record = made(store)
    assert "committed" in record.body
    store.flush()
    file = store.folder / "personal.sqlite"
    before = hashlib.sha256(file.read_bytes()).digest()
    assert likeness(event(0, facts=ASKED), decided(record), store) is Likeness.SAME
    assert hashlib.sha256(file.read_bytes()).digest() == before


@pytest.mark.parametrize(
    "change",
    [
        {"facts": {**ASKED, "request": {"by": "user:otto@acme.example"}}},
        {"facts": {"runner": {"class": "container"}}},
        {"facts": {**ASKED, "runner": {"class": "vm"}}},
        {"facts": {**ASKED, "more": 1}},
        {"result": decision(waived=[{**decision()["waived"][0], "reason": "another"}])},
        {"result": decision(waived=[{**decision()["waived"][0], "by": "user:x"}])},
        {"result": decision(waived=[])},
        {"result": decision(approvals=[{**decision()["approvals"][0], "by": "user:x"}])},
        {"result": decision(waived=decision()["waived"] * 2)},
        {"result": decision(allowed=True)},
        {"timestamp": "2026-11-20T20:56:52Z"},
    ],
)
def test_any_other_event_is_another(store: PersonalStore, change: dict[str, Any]) -> None:
    """A value that was committed to and one that stands in the record are compared alike."""
    record = made(store)
    logged = event(0, **{"facts": ASKED, **change})
    assert likeness(logged, decided(record), store) is Likeness.OTHER


def test_why_values_could_not_be_compared_is_told(store: PersonalStore, tmp_path: Path) -> None:
    """No store, another store, and a destroyed key are three reasons; what is plain still counts."""
    record, logged = made(store), event(0, facts=ASKED)
    other = event(0, facts={**ASKED, "runner": {"class": "vm"}})
    assert likeness(logged, decided(record), None) is Likeness.COMMITTED
    assert likeness(other, decided(record), None) is Likeness.OTHER
    second = PersonalStore(tmp_path / "second", secret=bytes(32), create=True)
    assert likeness(logged, decided(record), second) is Likeness.ABSENT
    erase(store, subject=MARIA)
    assert likeness(logged, decided(record), store) is Likeness.ERASED
    assert likeness(other, decided(record), store) is Likeness.OTHER


def test_what_came_after_an_erasure_is_erased(store: PersonalStore) -> None:
    """A record that says so itself needs no store to say it."""
    made(store)
    erase(store, period="2026-11")
    late = made(store)
    assert "committed" not in late.body
    logged = event(0, facts=ASKED)
    assert likeness(logged, decided(late), store) is Likeness.ERASED
    assert likeness(logged, decided(late), None) is Likeness.ERASED


def test_records_without_commitments_are_compared_as_ever(store: PersonalStore) -> None:
    """A record that was made without a store is of its event, with a store and without."""
    record = made(None)
    for one in (store, None):
        assert likeness(event(0, facts=ASKED), decided(record), one) is Likeness.SAME
        other = event(0, facts={**ASKED, "runner": {"class": "vm"}})
        assert likeness(other, decided(record), one) is Likeness.OTHER


def test_a_text_without_a_tenant_is_withheld_and_compared_no_further(store: PersonalStore) -> None:
    """Of such a decision the rest is compared."""
    asked = {"facts": ASKED, "point": "runner.start"}
    record = made(store, input=asked)
    assert record.body["waived"][0]["reason"] == {"withheld": True}
    assert likeness(event(0, input=asked), decided(record), store) is Likeness.SAME


def test_a_reference_of_a_wrong_size_or_place_is_another(store: PersonalStore) -> None:
    """Whoever writes the ledger cannot let a reference say more than it opens to."""
    body = copy.deepcopy(made(store).body)
    body["waived"][0]["reason"]["size"] += 1
    changed = make_record(RecordKind.DECISION, body)
    assert likeness(event(0, facts=ASKED), decided(changed), store) is Likeness.OTHER


def test_a_decision_too_large_for_a_record_is_known(store: PersonalStore) -> None:
    """The record that had to leave entries out is of its event, with references in those that stayed."""
    waived = [{**decision()["waived"][0], "reason": f"{n}" * 300} for n in range(500)]
    result = decision(waived=waived, reasons=decision()["reasons"] * 400)
    record = made(store, result=result)
    assert record.body["omitted"]
    logged = dataclasses.replace(event(0, facts=ASKED), result=result)
    assert likeness(logged, decided(record), store) is Likeness.SAME


def committed_world(
    decisions: Decisions, folder: Path, store: PersonalStore
) -> tuple[World, list[str]]:
    """Return a ledger whose decisions commit to who asked, and the options that name its store."""
    personal = Personal(names=NAMES, store=store)
    records = []
    for one in decisions.events:
        logged = log_event(one)
        assert logged is not None
        made_of = make_decision(
            logged, allowed_facts=FACTS | NAMES, principal="sidecar-1", personal=personal
        )
        assert set(made_of.body["committed"]) == {"request.by"}
        records.append(made_of)
    store.flush()
    runs = [run_of(one, run_id=f"run-{n}") for n, one in enumerate(decisions.events[:3])]
    named = ["--personal-store", str(store.folder), "--personal-key", str(folder / "personal.key")]
    return World.make(folder, [*records, *runs]), named


def test_committed_decisions_are_evaluated_again_with_the_store(
    decisions: Decisions, tmp_path: Path, store: PersonalStore
) -> None:
    """With the store nothing is blind; without it the reason is told, and no event is another's."""
    world, named = committed_world(decisions, tmp_path, store)
    store.close()
    before = {path: path.read_bytes() for path in store.folder.iterdir()}
    options = (*world.log(decisions.events), *decisions.archives())
    code, said = world.compare(*options, *named)
    assert (code, said["findings"], said["agreed"], said["blind"]) == (0, [], 4, 0.0)
    assert {path: path.read_bytes() for path in store.folder.iterdir()} == before
    code, said = world.compare(*options)
    assert (code, said["not_evaluated"], said["blind"]) == (0, {"committed": 4}, 1.0)


def test_erased_decisions_are_counted_as_such(
    decisions: Decisions, tmp_path: Path, store: PersonalStore
) -> None:
    """A destroyed key is a reason of its own, and no finding."""
    world, named = committed_world(decisions, tmp_path, store)
    tenant = decisions.events[0]["input"]["tenant"]
    store.erase(KeyScope(tenant=tenant), note=lambda _: ("1", "{}"))
    store.close()
    code, said = world.compare(*world.log(decisions.events), *decisions.archives(), *named)
    assert (code, said["findings"], said["not_evaluated"]) == (0, [], {"erased": 4})


def test_a_committed_decision_of_another_person_is_a_finding(
    decisions: Decisions, tmp_path: Path, store: PersonalStore
) -> None:
    """A log that names somebody else than the record commits to is RF998."""
    world, named = committed_world(decisions, tmp_path, store)
    store.close()
    events = copy.deepcopy(decisions.events)
    events[0]["input"]["facts"]["request"]["by"] = "user:somebody@else.example"
    assert world.codes(*world.log(events), *decisions.archives(), *named) == ["RF998"]
