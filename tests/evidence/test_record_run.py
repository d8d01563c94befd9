"""Facts about runs that a runner closes by the command, under decisions of a locked OPA."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.commands import evidence
from tests.evidence.pages import PAGES
from tests.evidence.samples import KEY, ORIGIN
from tests.pipeline.serving import build_bundles, open_site, request_to_start, wait_for

from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record
from ringfence.evidence.run_signature import signer_of_run
from ringfence.keys import generate, load_public, write_private, write_public
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions
from ringfence.opa.lockdown import SERVER_FLAGS

SECRET = "hunter2-canary"
REPORT: dict[str, Any] = {
    "run_id": "run-1",
    "tenant": "example",
    "runner": {"class": "container", "size": "medium", "network_profile": "private_vpc"},
    "images": [{"name": "registry.internal/daily", "digest": f"sha256:{'5f' * 32}"}],
    "drivers": [],
    "secrets": [{"ref": "secret://platform/example/warehouse", "version": "3"}],
}
SIGNED = ("--runner", "pool-1", "--runner-key", "pool-1.key.pem", "--bundle", "runtime.tar.gz")
HELD = ("--ledger", "ledger", "--key", "log.vkey")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ask a locked OPA twice, keep what it uploaded in a ledger, and the bundle that decided; read only."""
    folder = tmp_path_factory.mktemp("run")
    requests = (
        request_to_start(undeclared=SECRET),
        request_to_start(run={"concurrency": 1, "estimate": 60, "timeout": 10**6}),
    )
    with open_site(folder / "site") as site:
        config = build_bundles(site.folder, site.url, folder)
        server = OpaServer(config=config, arguments=SERVER_FLAGS, unix=False)
        with server, OpaDecisions(port=server.port) as client:
            assert [client.decide(request)["allowed"] for request in requests] == [True, False]
            wait_for(lambda: len(site.uploads) >= 2)
        uploads = list(site.uploads)
    for bundle in (folder / "site").glob("*.tar.gz"):
        shutil.copy(bundle, folder)
    (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in uploads))
    for one in uploads:
        name = "allowed" if one["result"]["allowed"] else "blocked"
        (folder / name).write_text(one["decision_id"])
    runner = generate("ed25519")
    write_private(folder / "pool-1.key.pem", runner)
    write_public(folder / "pool-1.pub.pem", runner.public_key())
    write_private(folder / "log.key.pem", KEY)
    (folder / "log.vkey").write_text(NoteKey(ORIGIN, KEY.public_key()).vkey + "\n")
    (folder / "report.json").write_text(json.dumps(REPORT))
    for given in (
        ("init", "ledger", "--origin", ORIGIN),
        ("append", "ledger", "--log", "log.jsonl", "--facts", "runner.class,runner.size"),
    ):
        done = evidence(folder, *given, "--key", "log.key.pem")
        assert (done.returncode, done.stderr) == (0, "")
    return folder


def closed(place: Path, *arguments: str) -> Record:
    """Return the record that the command writes."""
    done = evidence(place, "record", "run", "report.json", *SIGNED, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    return read_delivered(line.encode())


def refused(place: Path, *arguments: str, report: str = "report.json") -> str:
    """Return why a run is not closed; the canary is never in it."""
    done = evidence(place, "record", "run", report, *SIGNED, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert SECRET not in done.stderr
    return done.stderr


def test_run_is_closed_signed_appended_and_reconciled(place: Path, tmp_path: Path) -> None:
    """R1.26, R1.35, R1.38: a run's record is signed, goes into the ledger, and leaves nothing to find."""
    allowed = (place / "allowed").read_text()
    record = closed(place, *HELD, "--decision", allowed)
    key = generate("ed25519").public_key()
    body = record.body
    assert len(body["checks"]) >= 10
    assert {one["decision_id"] for one in body["checks"]} == {allowed}
    work = shutil.copytree(place, tmp_path / "work")
    trusted: Any = {"pool-1": load_public(work / "pool-1.pub.pem"), "pool-2": key}
    assert signer_of_run(body, trusted=trusted) == "pool-1"
    (block,) = re.findall(r"```sh run\n(.*?)```", PAGES, re.DOTALL)
    for line in block.replace("\\\n", " ").replace("$ID", allowed).splitlines():
        done = evidence(work, *shlex.split(line)[2:])
        assert (done.returncode, done.stderr) == (0, ""), line
    assert (work / "runs.jsonl").read_bytes() == record.data + b"\n"
    told = evidence(work, "inspect", "ledger", "run-1", "--key", "log.vkey", "--format", "json")
    found = json.loads(told.stdout)
    assert [one["decision_id"] for one in found["decisions"]] == [allowed]
    assert [one["kind"] for one in found["records"]] == ["run"]


def test_report_with_its_own_checks_is_closed_from_the_log_alike(place: Path) -> None:
    """Where the report lists its checks, they name the decisions; a log serves as well as a ledger."""
    first = closed(place, *HELD, "--decision", (place / "allowed").read_text())
    report = {**REPORT, "checks": first.body["checks"]}
    (place / "report.json").write_text(json.dumps(report))
    try:
        assert closed(place, "--log", "log.jsonl").data == first.data
        assert closed(place, *HELD).data == first.data
    finally:
        (place / "report.json").write_text(json.dumps(REPORT))


def test_run_is_not_closed_otherwise_than_it_was_decided(place: Path) -> None:
    """A blocked decision, an unknown one, another size, and a value for a secret are told by place."""
    allowed, blocked = ((place / name).read_text() for name in ("allowed", "blocked"))
    assert "did not allow the run" in refused(place, *HELD, "--decision", blocked)
    assert "RF939" in refused(place, *HELD, "--decision", "d-9")
    changed = {
        **REPORT,
        "runner": {**REPORT["runner"], "size": "xlarge"},
        "secrets": [{"ref": SECRET, "version": "3"}],
    }
    (place / "changed.json").write_text(json.dumps(changed))
    said = refused(place, *HELD, "--decision", allowed, report="changed.json")
    assert "secrets[0].ref: not a reference" in said
    changed["secrets"] = []
    (place / "changed.json").write_text(json.dumps(changed))
    said = refused(place, *HELD, "--decision", allowed, report="changed.json")
    assert "runner.size: not as decision" in said
    assert "checks: missing" in refused(place, *HELD)


def test_the_bundle_must_be_the_one_that_decided(place: Path) -> None:
    """Another bundle than the decision's record names does not say which rules applied."""
    given = ("--runner", "pool-1", "--runner-key", "pool-1.key.pem", *HELD)
    decision = ("--decision", (place / "allowed").read_text())
    for bundle in ("runtime-example.tar.gz", "live.tar.gz", "log.vkey"):
        done = evidence(
            place, "record", "run", "report.json", *given, *decision, "--bundle", bundle
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert "RF965" in done.stderr


def test_a_source_of_decisions_is_needed(place: Path) -> None:
    """Neither ledger nor log, both, or a ledger without a key is a mistake in the call."""
    decision = ("--decision", (place / "allowed").read_text())
    for given in ((), (*HELD, "--log", "log.jsonl"), ("--ledger", "ledger"), ("--key", "log.vkey")):
        assert "where are the run's decisions?" in refused(place, *decision, *given)
    shutil.copytree(place / "ledger", place / "broken")
    tile = next(
        path for path in (place / "broken").rglob("*") if "entries" in str(path) and path.is_file()
    )
    tile.write_bytes(tile.read_bytes()[:-1] + b"x")
    done = evidence(place, "record", "run", "report.json", *SIGNED, *decision,
                    "--ledger", "broken", "--key", "log.vkey")  # fmt: skip
    assert (done.returncode, done.stdout) == (4, "")


def test_a_runner_commits_to_texts_before_it_signs(place: Path, tmp_path: Path) -> None:
    """With `--texts-to` the record holds no approver and no reason, and the file opens all of it."""
    work = shutil.copytree(place, tmp_path / "work")
    approval = {
        "kind": "approval", "id": "app-1", "rule": "runner.timeout", "by": "user:canary@acme.example",
        "reason": "canary of a reason", "expires_at": 1795211811, "reference": "approvals/app-1.jws",
    }  # fmt: skip
    (work / "report.json").write_text(json.dumps({**REPORT, "approvals": [approval]}))
    given = ("--decision", (place / "allowed").read_text(), "--texts-to", "runs.texts")
    record = closed(work, *HELD, *given)
    trusted: Any = {"pool-1": load_public(work / "pool-1.pub.pem")}
    assert signer_of_run(record.body, trusted=trusted) == "pool-1"
    assert b"canary" not in record.data
    opened = [json.loads(line)["value"] for line in (work / "runs.texts").read_text().splitlines()]
    assert opened == [approval["by"], approval["reason"]]
    assert "exists" in refused(work, *HELD, *given)
