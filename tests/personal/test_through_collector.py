"""Facts about erasures, and records of exports, while a collector has the ledger open."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.collector.harness import (
    ORIGIN,
    Collector,
    Place,
    collecting,
    get,
    make_place,
    upload,
    zipped,
)
from tests.collector.samples import REVISION
from tests.personal.test_collector import MARIA, event, opened
from tests.pipeline.serving import wait_for

from ringfence.cli.evidence import command as evidence
from ringfence.collector.credential import digest_of, new_token
from ringfence.errors import UsageError
from ringfence.evidence.records import RecordKind
from ringfence.keys import generate, write_private
from ringfence.personal.erasing import Request, erase_keys, wait_recorded
from ringfence.personal.scope import KeyScope
from ringfence.personal.sealing import make_secret
from ringfence.personal.shown import shown
from ringfence.personal.store import PersonalStore


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place whose ledger has a personal store, and a principal that may record exports."""
    made = make_place(tmp_path / "place", revisions=[REVISION])
    secret = make_secret(made.folder / "personal.key")
    PersonalStore(made.folder / "personal", secret=secret, create=True).close()
    ledger = made.config["ledgers"][0] | {"facts": ["request.by"]}
    ledger["personal"] = {"store": "personal", "key": "personal.key"}
    token = new_token()
    (made.folder / "exporter.token").write_text(token)
    exporter = {"name": "exporter", "origin": ORIGIN, "tenants": ["example"]}
    exporter |= {"records": ["export_event"], "token": digest_of(token)}
    made.write(ledgers=[ledger], principals=[*made.config["principals"], exporter])
    vkey = json.loads((made.ledger / "ledger.json").read_text())["vkey"]
    (made.folder / "log.vkey").write_text(vkey)
    return made


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(evidence, [str(one) for one in arguments])


def _erase(place: Place, *options: object) -> Result:
    return _run(
        "erase", "--tenant", "example", "--subject", MARIA, "--by", "dpo", "--reason", "request 17",
        "--personal-store", place.folder / "personal",
        "--personal-key", place.folder / "personal.key", *options,
    )  # fmt: skip


def _request(tenant: str = "example") -> Request:
    return Request(
        scope=KeyScope(tenant=tenant, subject=MARIA), by="dpo", reason="r", now=1_800_000_000.0
    )


def _upload(place: Place, running: Collector, number: int) -> dict[str, Any]:
    answer = upload(running.url, place.token, zipped([event(number)]))
    assert answer.status_code == 200
    return dict(answer.json())


def _published(running: Collector, size: int) -> bool:
    return f'published_records{{origin="{ORIGIN}"}} {size}.0' in get(f"{running.url}/metrics").text


def test_the_collector_records_an_erasure_once(place: Place) -> None:
    """The command erases while the collector runs, and ends once the one tombstone is in the ledger."""
    with collecting(place) as running:
        _upload(place, running, 1)
        assert (
            getattr(
                _erase(place, place.ledger, "--key", place.folder / "log.key.pem").exception,
                "code",
                "",
            )
            == "RF941"
        )
        done = _erase(place, "--through-collector", "--format", "json")
        assert (done.exit_code, done.stderr) == (0, "")
        assert json.loads(done.stdout)["facts"] >= 1
        assert isinstance(_erase(place, "--through-collector").exception, UsageError)
    (tombstone,) = place.records(RecordKind.RETENTION_EVENT)
    assert tombstone.body["scope"] == "subject"
    (record,) = place.records()
    store = opened(place)
    assert shown(record.body, store)["request.by"]["state"] == "erased"
    assert store.pending() == ()
    store.close()


def test_a_running_collector_keeps_nothing_more_under_a_destroyed_key(place: Place) -> None:
    """It forgets the keys that it knows once another process has erased: what comes then is withheld."""
    with collecting(place) as running:
        _upload(place, running, 1)
        assert _erase(place, "--through-collector").exit_code == 0
        _upload(place, running, 2)
    first, second = place.records()
    assert "committed" in first.body
    assert "committed" not in second.body
    assert "request.by" in second.body["withheld"]


def test_a_tombstone_waits_for_a_collector(place: Place) -> None:
    """Killed before it has recorded an erasure, the collector records it at its start, once."""
    with collecting(place) as running:
        _upload(place, running, 1)
        running.stop(signal.SIGKILL)
    late = _erase(place, "--through-collector", "--deadline", "1s")
    assert getattr(late.exception, "code", "") == "RF907"
    store = opened(place)
    assert len(store.pending()) == 1
    for _ in range(2):
        with collecting(place) as running:
            wait_for(lambda running=running: _published(running, 3))  # type: ignore[misc] # a default
    wait_recorded(store, seconds=0, clock=lambda: 0.0, wait=lambda _: None)
    store.close()
    assert len(place.records(RecordKind.RETENTION_EVENT)) == 1


def test_a_tombstone_that_was_recorded_before_a_crash_is_not_recorded_again(place: Place) -> None:
    """Where the store still has the note of what the ledger holds, the note goes, and nothing else comes.

    The tombstone says what the log had signed last.
    """
    with collecting(place) as running:
        _upload(place, running, 1)
    store = opened(place)
    erase_keys(store, _request())
    (note,) = store.pending()
    with collecting(place) as running:
        wait_for(lambda: store.pending() == ())
    with store._database.working() as connection:
        connection.execute("INSERT INTO pending VALUES (?, ?)", note)
    with collecting(place) as running:
        wait_for(lambda: store.pending() == ())
    store.close()
    (tombstone,) = place.records(RecordKind.RETENTION_EVENT)
    assert (tombstone.body["size"] > 0, len(tombstone.body["root"])) == (True, 64)


@pytest.mark.parametrize(
    "options",
    [[], ["--through-collector", "--key", "log.key.pem"], ["ledger"], ["--key", "log.key.pem"],
     ["ledger", "--through-collector"]],
)  # fmt: skip
def test_who_records_an_erasure_is_said_once(place: Place, options: list[str]) -> None:
    """The ledger with its key, or the collector, and nothing is erased otherwise."""
    named = [str(place.folder / one) if "." in one or one == "ledger" else one for one in options]
    with collecting(place) as running:
        _upload(place, running, 1)
    assert isinstance(_erase(place, *named).exception, UsageError)
    store = opened(place)
    assert store.periods(KeyScope(tenant="example")) != ()
    store.close()


def test_an_export_is_recorded_by_the_running_collector(place: Place, tmp_path: Path) -> None:
    """With `--collector` the record is in the ledger before the package is written; refused, there is none."""
    write_private(tmp_path / "package.key.pem", generate("ed25519"))
    with collecting(place) as running:
        _upload(place, running, 1)
        wait_for(lambda: _published(running, 2))
        export = ["export", place.ledger, "--tenant", "example", "--record", "--exporter", MARIA]
        export += [
            "--key",
            place.folder / "log.vkey",
            "--signing-key",
            tmp_path / "package.key.pem",
        ]
        there = ["--collector", running.url, "--token-file"]
        done = _run(*export, "-o", tmp_path / "one", *there, place.folder / "exporter.token")
        assert done.exit_code == 0, done.exception
        (place.folder / "token").write_text(place.token)
        other = _run(*export, "-o", tmp_path / "two", *there, place.folder / "token")
        assert "403: RF905" in str(other.exception)
        assert not (tmp_path / "two").exists()
        store: list[object] = ["--personal-store", place.folder / "personal"]
        store += ["--personal-key", place.folder / "personal.key"]
        apart = _run(
            *export,
            *store,
            "--view",
            "cef",
            "-o",
            tmp_path / "three",
            *there,
            place.folder / "exporter.token",
        )
        assert apart.exit_code == 0, apart.exception
    first, second = (one.body for one in place.records(RecordKind.EXPORT_EVENT))
    assert first["by"].keys() == second["by"].keys() == {"person"}
    assert (first["views"], second["views"]) == ([], ["cef"])
