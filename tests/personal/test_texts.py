"""Facts about texts and names of people in records: kept apart, shown, erased, and nowhere else."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.kind_samples import BODIES
from tests.evidence.pages import PAGES
from tests.evidence.samples import decision, event
from tests.evidence.test_run import REPORT, USE
from tests.personal.site import CHECK, MARIA, OTTO, SIGNING, STORE, Site, values_in

from ringfence.delivery.judging import judge_records
from ringfence.delivery.terms import Terms
from ringfence.evidence.account import Account
from ringfence.evidence.decision import make_decision
from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind, make_record
from ringfence.evidence.reference import is_reference, spoken
from ringfence.evidence.run import close_run
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.personal.declared import DECLARED, places
from ringfence.personal.keeping import Personal
from ringfence.personal.scope import KeyScope
from ringfence.personal.shown import Shown
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import references, with_texts_apart

LEE = "user:lee@platform.example"
WHY = "Re-run of 12 days lost in OUT-88."
KEYS = (Ed25519PrivateKey.from_private_bytes(bytes([7] * 32)),)


@pytest.fixture
def store(tmp_path: Path) -> PersonalStore:
    """Make a store."""
    return PersonalStore(tmp_path / "personal", secret=bytes(range(32)), create=True)


def personal(store: PersonalStore | None) -> Personal:
    """Return what a collector has with this store."""
    return Personal(names=frozenset({"request.by"}), store=store)


def body_of(number: int, store: PersonalStore | None, **changes: Any) -> dict[str, Any]:
    """Return the body of a decision's record, with its texts apart."""
    made = make_decision(
        event(number, **changes), allowed_facts=frozenset(), personal=personal(store)
    )
    return made.body


def erase(store: PersonalStore, scope: KeyScope) -> None:
    """Destroy the keys of a scope."""
    store.erase(scope, note=lambda _: ("1", "{}"))


def test_texts_of_decisions_stand_in_the_store_alone(site: Site) -> None:
    """Ledger, index and the store's file hold no name and no text; `inspect` shows them through it."""
    for value in (LEE, WHY):
        assert values_in(site.folder / "ledger", value.encode()) == []
        assert values_in(site.folder / "personal", value.encode()) == []
    said = site.run("inspect", "ledger", "d-1", *CHECK, *STORE)
    assert f"given by `{LEE}`" in said
    assert f"text waived[0].reason: {WHY}" in said
    bare = site.run("inspect", "ledger", "d-1", *CHECK)
    assert LEE not in bare
    assert "given by `person " in bare
    assert "text waived[0].reason: committed" in bare


def test_an_export_holds_no_text_with_or_without_the_store(site: Site) -> None:
    """Packages, their pages and views hold references; the exporter's name in the ledger is one too."""
    site.run(
        "export", "ledger", "--tenant", "acme", "-o", "acme", "--signing-key", "package.pem",
        "--view", "ecs", "--view", "cef", "--record", "--exporter", "kim@acme.example", *STORE, *CHECK,
    )  # fmt: skip
    site.run("verify", "acme", *CHECK, "--package-key", "package.pub.pem")
    for value in (LEE, WHY):
        assert values_in(site.folder / "acme", value.encode()) == []
    assert values_in(site.folder / "ledger", b"kim@acme.example") == []
    assert values_in(site.folder / "ledger", b'"kind":"export_event"')


def test_a_view_shows_names_with_the_store(site: Site) -> None:
    """The derived forms name people through the store; the exact bytes cannot."""
    options = ("view", "ledger", "--tenant", "acme", *CHECK, "--format")
    assert LEE in site.run(*options, "ecs", *STORE)
    assert LEE not in site.run(*options, "ecs")
    assert "exact bytes" in site.run(*options, "jsonl", *STORE, code=1)
    site.erase("--tenant", "acme", "--subject", LEE)
    assert LEE not in site.run(*options, "ecs", *STORE)


def test_what_is_delivered_is_kept_apart_too(site: Site) -> None:
    """`inspect` says what an exception's record holds through the store, and that it is kept apart."""
    body = {**BODIES[RecordKind.EXCEPTION], "id": "EXC-2041"}
    (site.folder / "records.jsonl").write_bytes(
        make_record(RecordKind.EXCEPTION, body).data + b"\n"
    )
    for _ in range(2):
        site.run("append", "ledger", *SIGNING, "--record", "records.jsonl", *STORE)
    for value in (body["risk_analysis"], body["cost_plan"]["agreed_with"]):
        assert values_in(site.folder / "ledger", value.encode()) == []
    said = site.run("inspect", "ledger", "d-1", *CHECK, *STORE)
    assert f"  reason: {WHY}" in said
    assert f"EXC-2041 by {LEE} for {body['requester']}" in said
    bare = site.run("inspect", "ledger", "d-1", *CHECK)
    assert "EXC-2041 by person " in bare
    assert f"reason: a text of {len(WHY)} bytes, kept apart" in bare


def test_a_person_is_erased_wherever_they_are_named(site: Site) -> None:
    """Who approved is a subject as well: their name goes, and what others wrote stays."""
    said = json.loads(site.erase("--tenant", "acme", "--subject", LEE))
    assert said["periods"] == ["2026-10", "2026-11"]
    shown = site.run("inspect", "ledger", "d-2", *CHECK, *STORE)
    assert LEE not in shown
    assert "text waived[0].by: erased" in shown
    assert f"text waived[0].reason: {WHY}" in shown
    assert LEE in site.run("inspect", "ledger", "d-4", *CHECK, *STORE)


def test_texts_go_with_their_subject_and_their_month(site: Site) -> None:
    """The reason in a person's decisions goes with the person, and all of a month with the month."""
    site.erase("--tenant", "acme", "--subject", MARIA)
    assert "waived[0].reason: erased" in site.run("inspect", "ledger", "d-2", *CHECK, *STORE)
    assert WHY in site.run("inspect", "ledger", "d-3", *CHECK, *STORE)
    site.erase("--tenant", "acme", "--period", "2026-11")
    assert WHY not in site.run("inspect", "ledger", "d-3", *CHECK, *STORE)


def test_erasures_keep_who_and_why_apart(site: Site) -> None:
    """The tombstone's own texts are in no file in the clear, outlive the tenant's keys, and can go too."""
    site.erase("--tenant", "acme")
    place = values_in(site.folder / "ledger/tile/entries", b'"kind":"retention_event"')
    assert place
    for folder in ("ledger", "personal"):
        assert values_in(site.folder / folder, b"request 17") == []
    assert "nothing is kept" in site.erase("--tenant", "acme", code=1)
    said = json.loads(site.erase("--tenant", "acme", "--period", "erasures"))
    assert (said["keys"], said["facts"]) == (1, 2)


def test_an_append_can_insist_on_a_store(site: Site) -> None:
    """With `--require-personal-store`, nothing is appended where texts would stay for ever."""
    before = site.root()
    facts = ("--log", "log.jsonl", "--require-personal-store")
    assert "for ever" in site.run("append", "ledger", *SIGNING, *facts, code=1)
    assert site.root() == before
    site.run(
        "append", "ledger", *SIGNING, *facts, *STORE, "--facts", "request.by,runner.class", code=2
    )


def test_without_a_store_texts_stay(store: PersonalStore) -> None:
    """A record without a store is the one that it always was."""
    plain = make_decision(event(0), allowed_facts=frozenset())
    again = make_decision(event(0), allowed_facts=frozenset(), personal=personal(None))
    assert plain.data == again.data
    assert plain.body["waived"][0]["by"] == LEE
    assert body_of(0, store)["waived"][0]["by"] != LEE


def test_a_person_is_one_in_a_tenant_and_month(store: PersonalStore) -> None:
    """Who approved twice can be seen to be one, and not across tenants and months."""

    def names(number: int, **changes: Any) -> set[str]:
        body = body_of(number, store, **changes)
        found = [body["waived"][0]["by"], body["approvals"][0]["by"]]
        return {one["person"] for one in found}

    asked = {"point": "runner.start", "tenant": "zeta", "facts": {}}
    first, second = names(0), names(1)
    assert len(first) == 1
    assert first == second
    assert first.isdisjoint(names(2, timestamp="2026-12-01T00:00:00Z"))
    assert first.isdisjoint(names(3, input=asked))


@pytest.mark.parametrize("kind", [RecordKind.APPROVAL, RecordKind.EXCEPTION])
def test_a_grant_names_its_key(kind: RecordKind, store: PersonalStore) -> None:
    """Another month and tenant have other pseudonyms, and the key that signed is the same in both."""
    later = {"tenant": "zeta", "from": 1_799_000_000, "until": 1_799_000_001}
    given = [make_record(kind, BODIES[kind] | more) for more in ({}, later)]
    first, second = (with_texts_apart(one, store).body for one in given)
    assert first["by"] != second["by"]
    assert (first["kid"], first["key"]) == (second["kid"], second["key"])


def test_equal_texts_have_unequal_commitments(store: PersonalStore) -> None:
    """Nobody sees by the reason that two decisions had the same, nor in two places of one."""
    bodies = [body_of(number, store) for number in range(3)]
    twice = decision(waived=[decision()["waived"][0]] * 2)
    bodies.append(body_of(4, store, result=twice))
    found = [one["reason"] for body in bodies for one in body["waived"]]
    assert len({one["text"] for one in found}) == len(found) == 5
    assert {one["size"] for one in found} == {len(WHY.encode())}


def test_equal_texts_of_two_records_have_unequal_commitments(store: PersonalStore) -> None:
    """A reviewer who notes the same twice is seen to be one, and not to have noted the same."""
    body = BODIES[RecordKind.REVIEW]
    kept = [
        with_texts_apart(make_record(RecordKind.REVIEW, {**body, "review_id": one}), store).body
        for one in ("rev-1", "rev-2")
    ]
    assert kept[0]["note"] != kept[1]["note"]
    assert kept[0]["reviewer"] == kept[1]["reviewer"]


@pytest.mark.parametrize("left_out", ["waived", "approvals"])
def test_either_list_alone_is_kept_apart(store: PersonalStore, left_out: str) -> None:
    """One waived or one approved rule is enough to name somebody."""
    result = decision(**{left_out: []})
    kept = make_decision(
        event(0, result=result), allowed_facts=frozenset(), personal=personal(store)
    )
    assert LEE.encode() not in kept.data


def test_who_erases_is_a_subject_of_erasures_too(store: PersonalStore) -> None:
    """An erasure of a tenant leaves who erased and why, and one of that person takes it."""
    event_of = make_record(RecordKind.RETENTION_EVENT, BODIES[RecordKind.RETENTION_EVENT])
    kept, who = with_texts_apart(event_of, store), event_of.body["by"]
    for scope, state in (
        (KeyScope(tenant="acme"), "shown"),
        (KeyScope(tenant="acme", subject=who), "erased"),
    ):
        erase(store, scope)
        assert {one["state"] for one in Shown.of(kept, store).texts.values()} == {state}
        store.recorded("1")


def test_a_decision_that_comes_again_is_one(store: PersonalStore) -> None:
    """The references are the same, also in a store that was opened anew."""
    first = body_of(0, store)
    assert body_of(0, store) == first
    store.close()
    again = PersonalStore(store.folder, secret=bytes(range(32)))
    assert body_of(0, again) == first
    again.close()


def test_what_comes_after_an_erasure_is_not_kept(store: PersonalStore) -> None:
    """A delivery after its month was erased leaves nothing, and the record says so."""
    erase(store, KeyScope(tenant="acme", period="2026-11"))
    body = body_of(0, store, result=decision(action="allow", allowed=True))
    assert body["waived"][0]["by"] == body["waived"][0]["reason"] == {"erased": True}
    assert not any(LEE.encode() in one.read_bytes() for one in store.folder.iterdir())
    shown = Shown.of(make_record(RecordKind.DECISION, body), store)
    assert {one["state"] for one in shown.texts.values()} == {"erased"}
    assert "given by `erased`" in " ".join(Account.of(shown.body).why)


def test_what_no_tenant_has_is_withheld(store: PersonalStore) -> None:
    """Without a tenant there is no key to keep it under, and nothing of it stays."""
    body = body_of(0, store, input={"facts": {}})
    assert body["waived"][0]["by"] == body["waived"][0]["reason"] == {"withheld": True}


@pytest.mark.parametrize("value", [["one", "two"], 7, "x" * 2000])
def test_what_is_no_name_is_a_text(store: PersonalStore, value: Any) -> None:
    """Whatever stands where a person is named is kept apart, or withheld already."""
    entry = {**decision()["waived"][0], "by": value}
    body = body_of(0, store, result=decision(waived=[entry]))
    found = body["waived"][0]["by"]
    assert set(found) == ({"withheld"} if value == "x" * 2000 else {"size", "text"})


@pytest.mark.parametrize("form", [{"person": "00"}, {"text": "00", "size": 1}, {"erased": True}])
def test_no_log_can_forge_a_reference(store: PersonalStore, form: dict[str, Any]) -> None:
    """What a log writes in the form of a reference is withheld, with a store and without."""
    entry = {**decision()["waived"][0], "by": form}
    for one in (None, store):
        body = body_of(0, one, result=decision(waived=[entry]))
        assert body["waived"][0]["by"] == {"withheld": True}


def test_a_reference_put_for_another_is_not_shown(store: PersonalStore) -> None:
    """A text stands in its place of its kind alone: elsewhere, and in another tenant, it is `absent`."""
    body = body_of(0, store)
    moved = {**body, "waived": [{**body["waived"][0], "by": body["waived"][0]["reason"]}]}
    found = Shown.of(make_record(RecordKind.DECISION, moved), store)
    assert found.texts["waived[0].by"] == {"state": "absent"}
    found = Shown.of(make_record(RecordKind.DECISION, {**body, "tenant": "zeta"}), store)
    assert {one["state"] for one in found.texts.values()} == {"absent"}
    assert found.body["waived"] == body["waived"]


def test_a_signed_record_stays_as_it_was_signed(store: PersonalStore) -> None:
    """What someone else signed is not altered; an export's record is."""
    body = {"by": "kim", "tenant": "acme", "timestamp": "2026-11-02T00:00:00Z"}
    record = make_record(RecordKind.EXPORT_EVENT, body)
    signed = make_record(RecordKind.EXPORT_EVENT, {**body, "signature": "AAAA"})
    assert with_texts_apart(signed, store) is signed
    assert with_texts_apart(record, None) is record
    kept = with_texts_apart(record, store)
    assert set(kept.body["by"]) == {"person"}
    assert Shown.of(kept, store).body == body


def test_readers_take_both_forms(store: PersonalStore) -> None:
    """A run's reader has the approver where the store shows them, and none where it does not."""
    body = {**body_of(0, store), "allowed": True}
    use = DecisionUse.of_record(body, applicable=frozenset())
    assert {one.by for one in use.lifted} == {None}
    shown = Shown.of(make_record(RecordKind.DECISION, body), store)
    use = DecisionUse.of_record(shown.body, applicable=frozenset())
    assert {one.by for one in use.lifted} == {LEE}


@pytest.mark.parametrize(
    "kind", [one for one in DECLARED if one not in (RecordKind.DECISION, RecordKind.RUN)]
)
def test_each_kind_is_kept_apart_and_comes_back(kind: RecordKind, store: PersonalStore) -> None:
    """Of a body of each kind no name and no text is left, and through the store it is whole again."""
    row = DECLARED[kind]
    body = BODIES[kind]
    values = {
        str(inner[member])
        for path in (*row.people, *row.texts)
        for _, inner, member in places(body, path)
    }
    assert len(values) >= len({*row.people, *row.texts}) - 1
    record = make_record(kind, body)
    kept = with_texts_apart(record, store)
    assert not any(json.dumps(value).encode() in kept.data for value in values)
    assert with_texts_apart(record, store).data == kept.data
    assert with_texts_apart(kept, store).data == kept.data
    assert Shown.of(kept, store).body == body
    erase(store, KeyScope(tenant=body["tenant"], period=row.period or None))
    assert {one["state"] for one in Shown.of(kept, store).texts.values()} == {"erased"}
    again = with_texts_apart(record, store)
    assert not any(json.dumps(value).encode() in again.data for value in values)


def test_a_run_stays_as_its_runner_signed_it(store: PersonalStore) -> None:
    """Its signature is over what it says, so that nothing of it is put apart."""
    run = make_record(RecordKind.RUN, BODIES[RecordKind.RUN])
    assert with_texts_apart(run, store) is run


def test_a_run_is_compared_with_who_approved_where_the_store_shows_it(
    store: PersonalStore,
) -> None:
    """Another approver than was decided is refused; without the store that one thing is not compared."""
    kept = body_of(0, store, result=decision(action="allow", allowed=True, reasons=[]))
    report = copy.deepcopy(REPORT)
    report["approvals"][1]["by"] = "user:else@acme.example"
    shown = Shown.of(make_record(RecordKind.DECISION, kept), store).body
    rules = USE.applicable
    close_run(report, decisions=[DecisionUse.of_record(kept, applicable=rules)])
    close_run(REPORT, decisions=[DecisionUse.of_record(shown, applicable=rules)])
    with pytest.raises(EvidenceError, match="by whom"):
        close_run(report, decisions=[DecisionUse.of_record(shown, applicable=rules)])
    report["approvals"][1]["expires_at"] += 1
    with pytest.raises(EvidenceError, match="until when"):
        close_run(report, decisions=[DecisionUse.of_record(kept, applicable=rules)])


def test_a_store_that_is_read_only_writes_nothing(store: PersonalStore) -> None:
    """It finds what is there, and the file stays byte for byte the same."""
    body = body_of(0, store)
    store.close()
    file = store.folder / "personal.sqlite"
    before = file.read_bytes()
    reader = PersonalStore(store.folder, secret=bytes(range(32)), read_only=True)
    assert Shown.of(make_record(RecordKind.DECISION, body), reader).body["waived"][0]["by"] == LEE
    with pytest.raises(EvidenceError, match="RF916"):
        body_of(1, reader)
    reader.close()
    assert file.read_bytes() == before


def test_what_is_declared_is_in_a_record(store: PersonalStore) -> None:
    """Each path of a decision's row leads to something in a decision that has all its lists."""
    body = make_decision(event(0), allowed_facts=frozenset()).body
    for path in (*DECLARED[RecordKind.DECISION].people, *DECLARED[RecordKind.DECISION].texts):
        assert list(places(body, path)), path
    apart = body_of(0, store)
    assert len(list(references(apart, RecordKind.DECISION))) == 3
    assert all(
        is_reference(inner[member]) for _, inner, member in references(apart, RecordKind.DECISION)
    )
    assert spoken("plain") == ""


def test_nothing_of_a_text_stays_in_the_store_after_an_erasure(tmp_path: Path) -> None:
    """Canaries in every place that is declared are in no byte of ledger, index or store, then nor later."""
    folder = tmp_path / "personal"
    kept = PersonalStore(folder, secret=bytes(range(32)), create=True)
    ledger = Ledger.create(tmp_path / "l", origin="e.com/l", settings=Settings(keys=KEYS))
    canaries = [f"canary-{number}-of-a-text" for number in range(30)]
    entries = [
        {**decision()["waived"][0], "by": canaries[number], "reason": canaries[number + 15]}
        for number in range(15)
    ]
    made = make_decision(
        event(0, result=decision(waived=entries)),
        allowed_facts=frozenset(),
        personal=personal(kept),
    )
    kept.flush()
    ledger.append([made])
    ledger.checkpoint()
    ledger.close()
    sealed = kept._database.connection.execute("SELECT sealed FROM fact").fetchall()
    ends = [one[-16:] for (one,) in sealed]
    assert len(ends) == 31
    erase(kept, KeyScope(tenant="acme", period="2026-11"))
    kept.close()
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    left = b"".join(one.read_bytes() for one in files)
    assert not any(one.encode() in left for one in (*canaries, OTTO))
    assert not any(end in left for end in ends)


def test_a_record_without_room_for_references_is_refused_alone(store: PersonalStore) -> None:
    """What fits as it is and not with references is a finding of its line, and keeps out nothing else."""
    factor = {"name": "x" * 256, "weight": 0, "contribution": 0, "confidence": 0, "evidence": "y"}
    factors = [{**factor, "name": "ä" * 256}] * 100
    body = {**BODIES[RecordKind.EXPLANATION], "factors": factors}
    large = make_record(RecordKind.EXPLANATION, body)
    small = make_record(RecordKind.EXPLANATION, BODIES[RecordKind.EXPLANATION])
    terms = Terms(kinds=frozenset({RecordKind.EXPLANATION}), tenants=None, runners={})
    found = judge_records(
        [large.data, small.data],
        terms=terms,
        holds_decision=lambda _id, *, same: bool(same),
        personal=personal(store),
    )
    assert [(one.line, one.code) for one in found.refused] == [(1, "RF910")]
    assert len(found.records) == 1


def test_the_page_has_the_table_that_counts() -> None:
    """Each row of the documentation is one of the table, with its members in order, and none is missing."""
    table = PAGES.split("| kind | people | texts |")[1].split("\n\n")[0]
    rows = [
        [re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:4]]
        for line in table.splitlines()[2:]
    ]
    assert rows == [
        [[kind.value], list(row.people), list(row.texts)] for kind, row in DECLARED.items()
    ]
