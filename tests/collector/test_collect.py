"""Facts about the running collector, told to it over HTTP."""

import gzip
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.collector.harness import Collector, Place, collecting, get, make_place, upload, zipped
from tests.collector.samples import REVISION, asked_for, logged

from ringfence.cli.evidence import command as evidence
from ringfence.collector.credential import new_token
from ringfence.evidence.records import RecordKind

LIMITS = {"compressed": 64 << 10, "inflated": 256 << 10, "events": 100}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a new ledger, and a configuration with small limits."""
    made = make_place(tmp_path / "place", revisions=[REVISION])
    made.write(limits=LIMITS)
    return made


@pytest.fixture
def running(place: Place) -> Iterator[Collector]:
    """Return a collector that runs during the test."""
    with collecting(place) as one:
        yield one


def _sized(size: int) -> bytes:
    return gzip.compress(json.dumps([logged(0, padding="x" * size)]).encode())


def _deep(levels: int) -> bytes:
    head = json.dumps(logged())[:-1]
    return gzip.compress(f'[{head},"x":{"[" * levels}{"]" * levels}}}]'.encode())


BAD: dict[str, tuple[bytes, int]] = {
    "inflates beyond the limit": (_sized(1 << 20), 413),
    "gzip bomb": (gzip.compress(b"[" + b" " * (64 << 20) + b"]"), 413),
    "too many bytes": (b"\x1f\x8b" + b"x" * (65 << 10), 413),
    "too many events": (zipped([logged(n) for n in range(101)]), 413),
    "nested too deeply": (_deep(70), 400),
    "nested beyond any stack": (_deep(100_000), 400),
    "not gzip": (b'[{"decision_id":"1"}]', 400),
    "a torn gzip": (zipped([logged()])[:-9], 400),
    "bytes after the gzip": (zipped([logged()]) + b"x", 400),
    "two gzip members": (zipped([logged()]) * 2, 400),
    "empty": (b"", 400),
    "no JSON": (gzip.compress(b"\xff\xfe{"), 400),
    "no array": (zipped(logged()), 400),
    "text after the array": (gzip.compress(b"[]]"), 400),
    "an array of numbers": (zipped([1, 2]), 400),
    "no decision id": (zipped([logged(), {"timestamp": "2026-11-21T04:00:07Z"}]), 400),
    "no time that exists": (zipped([logged(timestamp="yesterday")]), 400),
    "equal keys": (gzip.compress(b'[{"a":1,"a":2}]'), 400),
    "a lone surrogate": (gzip.compress(b'[{"decision_id":"\\ud800","timestamp":""}]'), 400),
    "NaN": (gzip.compress(b'[{"a":NaN}]'), 400),
}


def test_bad_uploads_are_refused_whole(place: Place, running: Collector) -> None:
    """Whatever is no upload within the limits gets a 4xx with a code, and nothing of it is stored."""
    for what, (body, status) in BAD.items():
        answer = upload(running.url, place.token, body)
        assert (what, answer.status_code, answer.json()["code"]) == (what, status, "RF980")
    answer = upload(running.url, place.token, zipped([logged()]))
    assert (answer.status_code, answer.json()["added"]) == (200, 1)
    assert len(running.findings()) == len(BAD)
    assert running.stop() == 0
    assert place.ids() == [logged()["decision_id"]]


def test_good_half_of_a_bad_upload_is_not_kept(place: Place, running: Collector) -> None:
    """An array whose last item is broken leaves nothing of the ones before it."""
    answer = upload(running.url, place.token, zipped([logged(1), logged(2), {"a": 1}]))
    assert answer.status_code == 400
    assert running.stop() == 0
    assert place.ids() == []


@pytest.mark.parametrize(
    "given",
    ["", "Bearer ", "Bearer rft_short", f"Bearer {new_token()}", "Basic dXNlcjpwYXNz", "rft_x"],
)
def test_upload_without_the_token_is_refused(place: Place, running: Collector, given: str) -> None:
    """Without a principal's token nothing is read: 401, and no line for strangers to fill a disk with."""
    answer = upload(running.url, "", zipped([logged()]), headers={"Authorization": given})
    assert (answer.status_code, answer.json()["code"]) == (401, "RF984")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert running.findings() == []
    assert running.stop() == 0
    assert place.ids() == []


def test_events_beyond_the_principals_are_refused_with_a_finding(
    place: Place, running: Collector
) -> None:
    """Foreign tenant, revision, path, environment: the rest is kept, and a gap record counts them."""
    elsewhere = {"runtime": {"revision": REVISION.replace("prod", "staging")}}
    policy = {**logged()["result"], "policy": {"environment": "staging"}}
    refused: list[tuple[str, dict[str, Any]]] = [
        ("RF981", {"input": asked_for("other")}),
        ("RF982", {"bundles": {"runtime": {"revision": "runtime/prod@unknown"}}}),
        ("RF982", {"bundles": elsewhere}),
        ("RF982", {"bundles": {}}),
        ("RF911", {"path": "system/authz/allow"}),
        ("RF983", {"result": policy}),
        ("RF983", {"labels": {"environment": "staging"}}),
        ("RF904", {"result": {"allowed": "yes"}}),
    ]
    events = [logged(n, **changes) for n, (_, changes) in enumerate(refused)]
    answer = upload(running.url, place.token, zipped([*events, logged(99)]))
    assert (answer.status_code, answer.json()) == (
        200,
        {"added": 1, "duplicates": 0, "conflicts": 0, "refused": 8},
    )
    found = [(one["code"], one["event"]) for one in running.findings()]
    assert found == [(code, n) for n, (code, _) in enumerate(refused)]
    metrics = get(f"{running.url}/metrics").text
    assert 'ringfence_collector_findings_total{code="RF982"} 3.0' in metrics
    assert running.stop() == 0
    assert place.ids() == [logged(99)["decision_id"]]
    (gap,) = place.records(RecordKind.GAP)
    assert gap.body["codes"] == {"RF981": 1, "RF982": 3, "RF911": 1, "RF983": 2, "RF904": 1}
    assert gap.body["decision_ids"] == [one["decision_id"] for one in events]
    assert (gap.body["cause"], gap.body["principal"], gap.body["tenant"]) == (
        "refused", "sidecar-1", "example",
    )  # fmt: skip


def test_decision_stands_once_for_each_principal(place: Place, running: Collector) -> None:
    """What comes again is counted; other content under a known id is a conflict, and the first stays."""
    first = upload(running.url, place.token, zipped([logged(1), logged(2)])).json()
    again = upload(running.url, place.token, zipped([logged(2), logged(3)])).json()
    forged = logged(1, result={**logged()["result"], "allowed": True})
    other = upload(running.url, place.token, zipped([forged, forged])).json()
    assert (first["added"], again["added"], again["duplicates"]) == (2, 1, 1)
    assert (other["conflicts"], other["duplicates"]) == (1, 1)
    assert running.stop() == 0
    assert place.ids() == [logged(n)["decision_id"] for n in (1, 2, 3)]
    assert len(place.records(RecordKind.CONFLICT)) == 1
    assert {one.body["principal"] for one in place.records()} == {"sidecar-1"}


def test_conflicts_over_the_limit_are_counted_only(place: Place) -> None:
    """A principal that forges its own decisions fills no disk: its conflict records are limited."""
    place.write(limits={**LIMITS, "burst": 1000})
    with collecting(place) as running:
        upload(running.url, place.token, zipped([logged(1)]))
        for start in range(0, 200, 50):
            forged = [
                logged(1, timestamp=f"2026-11-21T04:{n % 60:02d}:{n // 60:02d}Z")
                for n in range(start, start + 50)
            ]
            assert upload(running.url, place.token, zipped(forged)).json()["conflicts"] == 50
    assert 60 <= len(place.records(RecordKind.CONFLICT)) <= 120


def test_client_that_comes_too_often_is_told_to_wait(place: Place) -> None:
    """Beyond the rate a principal gets 429 with Retry-After, and nothing of that upload is kept."""
    place.write(limits={**LIMITS, "requests_per_second": 1, "burst": 1})
    with collecting(place) as running:
        answers = [upload(running.url, place.token, zipped([logged(n)])) for n in range(4)]
        refused = [one for one in answers if one.status_code == 429]
        assert answers[0].status_code == 200
        assert {one.headers["Retry-After"] for one in refused} == {"1"}
        kept = len(answers) - len(refused)
    assert 1 <= kept < 4
    assert len(place.ids()) == kept


def test_encoding_must_be_what_opa_sends(place: Place, running: Collector) -> None:
    """An upload that is not gzip, and a status that is, are 415; other paths and methods are not there."""
    plain = upload(running.url, place.token, b"[]", headers={"Content-Encoding": "identity"})
    status = upload(
        running.url, place.token, b"{}", path="/status", headers={"Content-Encoding": "gzip"}
    )
    assert [plain.status_code, status.status_code] == [415, 415]
    assert upload(running.url, place.token, b"", path="/other").status_code == 404
    assert get(f"{running.url}/logs").status_code == 405


def test_health_and_metrics_need_no_credential(place: Place, running: Collector) -> None:
    """`/healthz` says that every ledger takes records, and `/metrics` how many there are."""
    upload(running.url, place.token, zipped([logged()]))
    health = get(f"{running.url}/healthz")
    assert (health.status_code, health.json()) == (200, {"problems": {}})
    text = get(f"{running.url}/metrics").text
    assert 'ringfence_collector_records{origin="example.com/runners"} 2.0' in text
    assert (
        'ringfence_collector_events_total{origin="example.com/runners",outcome="added"} 1.0' in text
    )


def test_token_is_nowhere_written(place: Place, running: Collector) -> None:
    """The token stands in no file of the collector, no line that it wrote, and no answer."""
    answers = [upload(running.url, place.token, body) for body in (b"", zipped([logged()]))]
    answers.append(get(f"{running.url}/metrics"))
    assert running.stop() == 0
    assert all(place.token not in one.text for one in answers)
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert [path for path in files if place.token.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_graceful_stop_publishes_what_was_taken(place: Place, number: int) -> None:
    """After SIGTERM or SIGINT it exits with 0, and everything stands under a published checkpoint."""
    with collecting(place) as running:
        upload(running.url, place.token, zipped([logged(n) for n in range(5)]))
        assert running.stop(number) == 0
        assert running.said() == ""
    ledger = place.open()
    try:
        assert ledger.published is not None
        assert ledger.published.checkpoint.size == ledger.size == 6
    finally:
        ledger.close()


def test_second_collector_is_refused(place: Place, running: Collector) -> None:
    """One writer an origin: another collector on the same ledger ends with RF941."""
    import subprocess
    import sys

    config = str(place.folder / "collector.yaml")
    command = [sys.executable, "-m", "ringfence.cli.main", "collect", "--config", config]
    other = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert other.returncode == 1
    assert "RF941" in other.stderr
    assert upload(running.url, place.token, zipped([logged()])).status_code == 200


def test_refused_decision_is_found_by_its_id(place: Place, running: Collector) -> None:
    """`evidence inspect` answers of a refused decision that something is missing, and never an allow."""
    foreign = logged(1, input=asked_for("other"))
    upload(running.url, place.token, zipped([foreign]))
    assert running.stop() == 0
    key = place.folder / "log.vkey"
    key.write_text(json.loads((place.ledger / "ledger.json").read_text())["vkey"])
    arguments = ["inspect", str(place.ledger), foreign["decision_id"], "--key", str(key)]
    done = CliRunner().invoke(evidence, arguments)
    assert done.exit_code == 0, done.output
    assert "warning: a gap record says that something is missing here" in done.stdout
    assert "decision " not in done.stdout.split("warning:")[0]
