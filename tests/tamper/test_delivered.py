"""Facts about hostile records of those who are no OPA: at the collector, in what is shown, and in packages."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.collector.harness import Place, make_place
from tests.collector.inprocess import InProcess, in_process
from tests.collector.samples import REVISION
from tests.delivery.samples import RUNNER, lines, signed_run
from tests.evidence.kind_samples import BODIES, sample
from tests.evidence.samples import KEY, ORIGIN

from ringfence.evidence.delivered import DELIVERABLE
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.export.selection import Selection, select
from ringfence.keys import write_public
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.trust import LedgerTrust
from ringfence.personal.scope import KeyScope
from ringfence.personal.shown import Shown
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import text_name, with_texts_apart

MANY = {"requests_per_second": 10_000, "burst": 100_000}
LEE = "user:lee@platform.example"
KEPT = "asked for in letter 4"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a new ledger, and a configuration whose one principal delivers every kind."""
    kinds = [one.value for one in DELIVERABLE]
    made = make_place(
        tmp_path / "place", revisions=[REVISION], records=kinds, tenants=["example", "acme"]
    )
    write_public(made.folder / "pool-1.pub.pem", RUNNER.public_key())
    made.write(runners={"pool-1": "pool-1.pub.pem"}, limits=MANY)
    return made


@pytest.fixture
def running(place: Place) -> Iterator[InProcess]:
    """Return the collector's application on that ledger."""
    with in_process(place) as one:
        yield one


@pytest.fixture
def store(tmp_path: Path) -> PersonalStore:
    """Make a store."""
    return PersonalStore(tmp_path / "personal", secret=bytes(range(32)), create=True)


def nested(kind: RecordKind, depth: int, leaf: bytes) -> bytes:
    """Return a canonical record of a kind with lists in lists."""
    body = b'{"tenant":"example","x":' + b"[" * depth + leaf + b"]" * depth + b"}"
    return b'{"body":%b,"kind":"%b","version":1}' % (body, kind.value.encode())


@pytest.mark.parametrize("kind", sorted(DELIVERABLE))
@pytest.mark.parametrize("depth", [60, 199, 201, 255, 500, 900, 1020, 1030, 30_000])
def test_no_depth_breaks_the_collector(running: InProcess, kind: RecordKind, depth: int) -> None:
    """However deep a record is nested, and whatever is at the bottom, it is refused alone."""
    for leaf in (b"0.5", b'"x"', b'{"\xc3\xa9":0.5}', b"[]"):
        answer = running.post("/records", nested(kind, depth, leaf) + b"\n" + lines(signed_run()))
        assert answer.status == 200
        said = answer.json()
        assert [(one["line"], one["code"][:3]) for one in said["findings"]] == [(1, "RF9")]
        assert said["added"] + said["duplicates"] == 1


@pytest.mark.parametrize("path", ["/records", "/logs"])
@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("content-encoding", ("gzip", "br"), 415),
        ("content-encoding", ("gzip", "gzip"), 415),
        ("content-encoding", ("gzip, identity",), 415),
        ("authorization", ("Bearer x", "{token}"), 401),
        ("authorization", ("{token}", "Bearer x"), 401),
        ("authorization", ("{token}", "{token}"), 401),
    ],
)
def test_a_header_that_is_said_twice_is_not_chosen_from(
    running: InProcess, path: str, name: str, values: tuple[str, ...], status: int
) -> None:
    """A proxy before the collector may have read the other one."""
    token = f"Bearer {running.token}"
    once = {"authorization": token, "content-encoding": "gzip"}
    said = [(one, value) for one, value in once.items() if one != name]
    said += [(name, value.format(token=token)) for value in values]
    assert running.post(path, gzip.compress(lines(signed_run())), headers=said).status == status
    (writer,) = running.writers.values()
    assert writer.ledger.size == 1


def forgeries(store: PersonalStore) -> dict[str, Record]:
    """Return records of `acme` with references to what was kept for others."""

    def event(number: int, tenant: str, **changes: Any) -> dict[str, Any]:
        body = {**BODIES[RecordKind.RETENTION_EVENT], "id": f"{number:032x}", "tenant": tenant}
        return with_texts_apart(make_record(RecordKind.RETENTION_EVENT, body | changes), store).body

    def run(run_id: str, tenant: str, place: str) -> dict[str, Any]:
        body = {"run_id": run_id, "tenant": tenant}
        scope = KeyScope(tenant=tenant, period="2026-11", subject=LEE)
        name = text_name(RecordKind.RUN, place, body)
        made = store.commit((name, LEE), scope=scope, event=("", run_id))
        return {"text": made, "size": len(LEE)}

    def erasure(**changes: Any) -> Record:
        body = {**BODIES[RecordKind.RETENTION_EVENT], **changes}
        return make_record(RecordKind.RETENTION_EVENT, body)

    def report(**changes: Any) -> Record:
        approval = {**BODIES[RecordKind.RUN]["approvals"][0], **changes}
        return signed_run(9, tenant="acme", approvals=[approval])

    theirs, ours = (event(n, one, by=LEE, reason=KEPT) for n, one in enumerate(("example", "acme")))
    runs = {
        "another tenant's run": run("run-9", "example", "approvals[0].by"),
        "another run": run("run-8", "acme", "approvals[0].by"),
        "another place of the run": run("run-9", "acme", "approvals[1].by"),
    }
    return {
        "another tenant's person": erasure(by=theirs["by"]),
        "another tenant's reason": erasure(reason=theirs["reason"]),
        "another erasure's reason": erasure(reason=ours["reason"]),
        "a person for a reason": erasure(reason={"text": ours["by"]["person"], "size": 1}),
        "a reason for a person": erasure(by={"person": ours["reason"]["text"]}),
        **{what: report(by=one) for what, one in runs.items()},
    }


def test_a_reference_to_what_is_anothers_shows_nothing(
    running: InProcess, store: PersonalStore
) -> None:
    """A record that takes over a commitment of another tenant, run or erasure is kept, and its text is not shown."""
    for what, record in forgeries(store).items():
        assert running.post("/records", lines(record)).json()["findings"] == [], what
        found = Shown.of(record, store)
        assert "absent" in {one["state"] for one in found.texts.values()}, what
        assert LEE not in json.dumps(found.body), what
        assert KEPT not in json.dumps(found.body), what
    store.close()


def test_a_long_chain_is_selected_whole(tmp_path: Path) -> None:
    """Each of 2,000 lineages that follow one another goes into a package, and what follows none of them not."""
    made = [
        sample(RecordKind.LINEAGE, lineage_id=f"l-{n}", decision_id=f"d-{n}", trace_id=None,
               parent_lineage_ids=[f"l-{n + 1}"])
        for n in range(2000)
    ]  # fmt: skip
    other = sample(RecordKind.LINEAGE, lineage_id="other", decision_id="d", parent_lineage_ids=[])
    ledger = Ledger.create(tmp_path / "l", origin=ORIGIN, settings=Settings(keys=(KEY,)))
    ledger.append([*made, other])
    ledger.checkpoint()
    ledger.close()
    chosen = Selection(tenants=frozenset({"acme"}), ids=frozenset({"l-0"}))
    found = select(tmp_path / "l", chosen, trust=LedgerTrust(key=NoteKey(ORIGIN, KEY.public_key())))
    assert [one.record.data for one in found.records[1:]] == [one.data for one in made]
