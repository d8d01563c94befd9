"""Runs under decisions that an approval or an exception allowed: closed only with what was used."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.requirements.ask import NOW, Ask
from tests.requirements.people import IDENTITIES
from tests.requirements.trail import LEDGER, Trail, make_trail, one_decision

from ringfence.keys import generate, write_private, write_public

STORE = ("--personal-store", "store", "--personal-key", "personal.key")
GIVEN = (
    "report.json", "--ledger", *LEDGER, "--bundle", "runtime.tar.gz", "--runner", "pool-1",
    "--runner-key", "pool-1.key.pem",
)  # fmt: skip


def with_runner(made: Trail) -> Trail:
    """Make a runner's key in the folder."""
    key = generate("ed25519")
    write_private(made.folder / "pool-1.key.pem", key)
    write_public(made.folder / "pool-1.pub.pem", key.public_key())
    return made


def report(made: Trail, decision: str, **changes: Any) -> None:
    """Write the report of a run under one decision, with the grant that it used."""
    body = {one["rule"]: one for one in one_decision(made, decision)["rules"] if one["reference"]}
    ((rule, used),) = body.items()
    kind = "exception" if used["part"] == "waived" else "approval"
    attached = {
        "kind": kind,
        "id": used["reference"],
        "rule": rule,
        "by": IDENTITIES["lee"],
        "reason": "As agreed.",
        "expires_at": int(used["until"]),
        "reference": f"grants/{used['reference']}",
        **changes,
    }
    size = "xlarge" if decision == "d-approved" else "medium"
    whole = {
        "run_id": f"run-{decision}",
        "tenant": "acme",
        "runner": {"class": "container", "size": size, "network_profile": "private_vpc"},
        "images": [{"name": "registry.internal/acme", "digest": f"sha256:{'5f' * 32}"}],
        "drivers": [],
        "secrets": [],
        "approvals": [attached],
    }
    (made.folder / "report.json").write_text(json.dumps(whole))


@pytest.mark.requirement("R1.38", "R1.39", on="command")
@pytest.mark.parametrize("name", ["d-approved", "d-waived"])
def test_a_run_is_closed_with_the_grant_that_it_used(tmp_path: Path, ask: Ask, name: str) -> None:
    """R1.38, R1.39: the run's record has the grant as it was decided, and stands beside the decision."""
    made = with_runner(make_trail(tmp_path, ask))
    report(made, name)
    record = made.record("run", *GIVEN, "--decision", name)
    (attached,) = record.body["approvals"]
    outcomes = {one["id"]: one["outcome"] for one in record.body["checks"]}
    assert outcomes[attached["rule"]] == ("waived" if name == "d-waived" else "approved")
    (made.folder / "run.jsonl").write_bytes(record.data + b"\n")
    given = ("--record", "run.jsonl", "--runner", "pool-1=pool-1.pub.pem", "--key", "log.key.pem")
    assert made.run("evidence", "append", "ledger", *given).code == 0
    assert [one["kind"] for one in made.inspect(f"run-{name}")["records"]] == ["run"]
    for changes, place in (
        ({"by": IDENTITIES["robin"]}, "by whom and until when it was decided"),
        ({"expires_at": NOW}, "by whom and until when it was decided"),
        ({"id": "app-other"}, "approvals: the "),
    ):
        report(made, name, **changes)
        done = made.run("evidence", "record", "run", *GIVEN, "--decision", name)
        assert (done.code, done.out) == (1, "")
        assert "RF913" in done.err
        assert place in done.err


def test_who_approved_is_compared_by_the_store(tmp_path: Path, ask: Ask) -> None:
    """Where names are kept apart, another approver is found with the store, and not without it."""
    made = with_runner(make_trail(tmp_path, ask, store=STORE))
    report(made, "d-approved", by=IDENTITIES["robin"])
    given = ("evidence", "record", "run", *GIVEN, "--decision", "d-approved")
    assert made.run(*given).code == 0
    done = made.run(*given, *STORE)
    assert (done.code, done.out) == (1, "")
    assert "by whom and until when it was decided" in done.err
    report(made, "d-approved")
    assert made.run(*given, *STORE).code == 0
