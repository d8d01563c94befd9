"""A fact about the whole way of a run: decided, delivered, run, signed, sent, reconciled, and its gaps sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.collector.harness import collecting, get, make_place, policy_site, sidecar_config
from tests.collector.test_with_opa import ask
from tests.delivery.samples import RUNNER, lines
from tests.pipeline.serving import request_to_start, wait_for

from ringfence.cli.evidence import command as evidence
from ringfence.collector.credential import digest_of, new_token
from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, RecordKind
from ringfence.evidence.run import checks_of, close_run
from ringfence.evidence.run_signature import sign_run
from ringfence.keys import write_private, write_public
from ringfence.ledger.trust import LedgerTrust
from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS
from ringfence.reconcile.seen import see

APPLICABLE = frozenset({"runner.timeout"})
REPORT: dict[str, Any] = {
    "tenant": "example",
    "runner": {"class": "container", "size": "medium", "network_profile": "private_vpc"},
    "images": [{"name": "base", "digest": "sha256:" + "5" * 64}],
    "drivers": [],
    "secrets": [],
}


def _run(*arguments: object) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(evidence, [*map(str, arguments), "--format", "json"])
    assert done.exit_code in (0, 2), done.exception
    return done.exit_code, json.loads(done.stdout)


def _signed(uses: list[DecisionUse], *, run_id: str) -> Record:
    """Return the record of a run under decisions that no ledger has."""
    checks = [one.model_dump(mode="json") for use in uses for one in checks_of(use)]
    report = {**REPORT, "run_id": run_id, "checks": checks}
    return sign_run(close_run(report, decisions=uses), runner="pool-1", key=RUNNER)


@pytest.mark.requirement("R1.35", "R1.38", on="command")
def test_a_run_is_delivered_and_reconciled_while_the_collector_runs(tmp_path: Path) -> None:
    """OPA's decisions, a runner's signed runs and the gaps between them all come in by one running collector."""
    (tmp_path / "policy").mkdir()
    with policy_site(tmp_path / "policy") as (site, config, revisions):
        archives = sorted(site.folder.glob("runtime*.tar.gz"))
        bundles = [part for one in archives for part in ("--bundle", one)]
        place = make_place(tmp_path / "place", revisions=revisions)
        write_private(place.folder / "pool-1.key.pem", RUNNER)
        write_public(place.folder / "pool-1.pub.pem", RUNNER.public_key())
        vkey = json.loads((place.ledger / "ledger.json").read_text())["vkey"]
        (place.folder / "log.vkey").write_text(vkey)
        (sidecar,) = place.config["principals"]
        others = []
        for name, kind in (("pool-1", "run"), ("reconciler", "gap")):
            token = new_token()
            (place.folder / f"{name}.token").write_text(token)
            one = {"name": name, "origin": sidecar["origin"], "tenants": ["example"]}
            others.append({**one, "records": [kind], "token": digest_of(token)})
        place.write(principals=[sidecar, *others], runners={"pool-1": "pool-1.pub.pem"})
        with collecting(place) as running:

            def published(size: int) -> bool:
                said = get(f"{running.url}/metrics").text
                return f'published_records{{origin="{sidecar["origin"]}"}} {size}.0' in said

            def send(name: str, *records: Record) -> dict[str, Any]:
                file = place.folder / f"{name}.jsonl"
                file.write_bytes(lines(*records))
                token = place.folder / f"{name}.token"
                return _run("send", file, "--to", running.url, "--token-file", token)[1]

            upload = sidecar_config(
                config, url=running.url, token=place.token, out=place.folder / "opa.yaml"
            )
            with OpaServer(config=upload, arguments=SERVER_FLAGS) as opa:
                first, second = ask(opa, [request_to_start()] * 2)
                wait_for(lambda: published(3))
            trust = LedgerTrust(key=NoteKey.of_vkey(vkey))
            found = {
                one.decision_id: one.body for one in see(place.ledger, trust=trust)[1].decisions
            }
            lost = DecisionUse.of_record(
                {**found[second], "decision_id": "never-uploaded"}, applicable=APPLICABLE
            )
            report = place.folder / "report.json"
            report.write_text(json.dumps(REPORT | {"run_id": "run-1"}))
            closed = CliRunner().invoke(
                evidence,
                [str(one) for one in (
                    "record", "run", report, "--ledger", place.ledger, "--decision", first,
                    "--key", place.folder / "log.vkey", "--runner", "pool-1", *bundles,
                    "--runner-key", place.folder / "pool-1.key.pem",
                )],
            )  # fmt: skip
            assert closed.exit_code == 0, closed.exception
            run = Record(RecordKind.RUN, closed.stdout.strip().encode())
            assert send("pool-1", run, _signed([lost], run_id="run-2"))["added"] == 2
            wait_for(lambda: published(5))
            gaps = place.folder / "gaps.jsonl"
            compare = [
                "reconcile",
                place.ledger,
                "--key",
                place.folder / "log.vkey",
                "--grace",
                "0s",
            ]
            compare += ["--runner", f"pool-1={place.folder / 'pool-1.pub.pem'}"]
            code, said = _run(*compare, "--gaps-to", gaps)
            assert (code, said["runs"], said["gaps"]) == (2, 2, 2)
            told = {(one["code"], one["decision_id"]) for one in said["findings"]}
            assert told == {("RF991", "never-uploaded"), ("RF992", second)}
            to_send = [Record(RecordKind.GAP, one) for one in gaps.read_bytes().splitlines()]
            for added, duplicates in ((2, 0), (0, 2)):
                answer = send("reconciler", *to_send)
                assert (answer["added"], answer["duplicates"]) == (added, duplicates)
            wait_for(lambda: published(7))
            assert _run(*compare)[1]["gaps"] == 0
    kept = {(one.body["cause"], one.body["decision_id"]) for one in place.records(RecordKind.GAP)}
    assert kept == {("no_decision", "never-uploaded"), ("no_run", second)}
    assert len(place.records(RecordKind.GAP)) == 2
