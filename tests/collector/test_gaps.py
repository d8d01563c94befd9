"""Facts about gap records of a principal that speaks for several tenants."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.collector.harness import Place, make_place, zipped
from tests.collector.inprocess import in_process
from tests.collector.samples import REVISION, asked_for, logged

from ringfence.cli.evidence import command as evidence
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import RecordKind
from ringfence.keys import generate, write_private
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.trust import LedgerTrust
from ringfence.reconcile.seen import see

DROPPED = "decision_logs_dropped_rate_limit_exceeded"
UNKNOWN = {"runtime": {"revision": "runtime/prod@unknown"}}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a ledger, and the configuration of a gateway of two tenants."""
    return make_place(tmp_path / "place", revisions=[REVISION], tenants=["acme", "globex"])


def _status(total: int) -> bytes:
    counters = {f"counter_{DROPPED}": total}
    return json.dumps({"labels": {"id": "opa-1"}, "metrics": {"prometheus": counters}}).encode()


def _vkey(place: Place) -> str:
    return str(json.loads((place.ledger / "ledger.json").read_text())["vkey"])


def test_each_tenant_is_told_of_its_own_refused_events(place: Place) -> None:
    """One record a tenant, none of which names another; what is nobody's of the principal names none."""
    asked = ["acme", "globex", "globex", "other", 7]
    events = [
        logged(number, input=asked_for(tenant), bundles=UNKNOWN)
        for number, tenant in enumerate(asked)
    ]
    with in_process(place) as running:
        assert running.post("/logs", zipped(events)).json()["refused"] == 5
    found = {one.body["tenant"]: one for one in place.records(RecordKind.GAP)}
    assert {tenant: one.body["codes"] for tenant, one in found.items()} == {
        "acme": {"RF982": 1},
        "globex": {"RF982": 2},
        None: {"RF981": 1, "RF982": 1},
    }
    ids = [one["decision_id"] for one in events]
    assert found["acme"].body["decision_ids"] == ids[:1]
    assert found["globex"].body["decision_ids"] == ids[1:3]
    for tenant, other in (("acme", b"globex"), ("globex", b"acme"), (None, b"other")):
        assert other not in found[tenant].data


def test_each_tenant_is_told_of_its_own_untimely_events(place: Place) -> None:
    """One record a tenant, with the ages of its own events."""
    years = {"acme": "2001", "globex": "2002"}
    events = [
        logged(number, input=asked_for(tenant), timestamp=f"{year}-01-01T00:00:00Z")
        for number, (tenant, year) in enumerate(years.items())
    ]
    with in_process(place) as running:
        assert running.post("/logs", zipped(events)).json()["added"] == 2
    found = {one.body["tenant"]: one.body for one in place.records(RecordKind.GAP)}
    assert {tenant: one["events"] for tenant, one in found.items()} == {"acme": 1, "globex": 1}
    assert found["acme"]["age"]["least"] > found["globex"]["age"]["greatest"]


def test_what_opa_dropped_is_told_to_each_tenant_and_counted_once(place: Place) -> None:
    """OPA counts for all tenants together: each has a record that says so, and their sum is OPA's own."""
    with in_process(place) as running:
        assert running.post("/status", _status(5)).json() == {"dropped": 5}
        assert running.post("/status", _status(7)).json() == {"dropped": 2}
    told = [one.body for one in place.records(RecordKind.GAP)]
    assert [(one["tenant"], one["lost"][DROPPED]) for one in told] == [
        ("acme", 5), ("globex", 5), ("acme", 2), ("globex", 2),
    ]  # fmt: skip
    assert all(one["shared"] for one in told)
    _, seen = see(place.ledger, trust=LedgerTrust(key=NoteKey.of_vkey(_vkey(place))))
    assert seen.dropped == Counter({("sidecar-1", DROPPED): 7})
    with in_process(place) as running:  # which reads what was recorded
        assert running.post("/status", _status(7)).json() == {"dropped": 0}


def test_an_export_of_each_tenant_holds_its_gaps(place: Place, tmp_path: Path) -> None:
    """Each package has the tenant's own gap records, and no byte that names the other."""
    with in_process(place) as running:
        events = [
            logged(n, input=asked_for(one), bundles=UNKNOWN)
            for n, one in enumerate(("acme", "globex"))
        ]
        running.post("/logs", zipped(events))
        running.post("/status", _status(5))
    place.records()
    (tmp_path / "log.vkey").write_text(_vkey(place))
    write_private(tmp_path / "package.key.pem", generate("ed25519"))
    for tenant, other in (("acme", b"globex"), ("globex", b"acme")):
        out = tmp_path / tenant
        options: list[Any] = ["--tenant", tenant, "-o", out, "--key", tmp_path / "log.vkey"]
        options += ["--signing-key", tmp_path / "package.key.pem"]
        done = CliRunner().invoke(evidence, ["export", *map(str, [place.ledger, *options])])
        assert done.exit_code == 0, done.exception
        kept = [json.loads(line) for line in (out / "records.jsonl").read_bytes().splitlines()]
        assert [one["body"]["cause"] for one in kept if one["kind"] == "gap"] == [
            "refused",
            "dropped",
        ]
        assert not [
            path for path in out.rglob("*") if path.is_file() and other in path.read_bytes()
        ]


def test_over_the_limit_what_is_missed_is_counted_by_tenant() -> None:
    """An upload that has no record is counted for each tenant that it would have been told to."""
    limit = MinuteLimit(per_minute=1)
    assert limit.allows("p", now=0, parts=["acme"])
    assert not limit.allows("p", now=1, parts=["acme", None])
    assert not limit.allows("p", now=2, parts=["acme"])
    assert limit.allows("p", now=60, parts=["acme", "globex"])
    told = [limit.unrecorded("p", part=part) for part in ("acme", "globex", None, "acme")]
    assert told == [2, 0, 1, 0]


def test_what_makes_many_records_uses_up_more_of_the_minute() -> None:
    """One status update of a gateway of many tenants is recorded a minute, and not one record of sixty updates."""
    limit = MinuteLimit(per_minute=60)
    assert [limit.allows("p", now=now, cost=1000) for now in (0, 1, 59, 60, 61)] == [
        True, False, False, True, False,
    ]  # fmt: skip
    assert [limit.allows("q", now=0, cost=30) for _ in range(3)] == [True, True, False]
