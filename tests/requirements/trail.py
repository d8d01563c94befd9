"""A ledger with decisions of the real OPA, and the commands that record more about them, at one clock."""

import functools
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner
from tests.evidence.samples import KEY, ORIGIN
from tests.requirements.ask import DEPLOY, NOW, START, Ask, base
from tests.requirements.documents import REPOSITORY

from ringfence.bundle.archive import pack
from ringfence.bundle.manifest import manifest
from ringfence.cli.failure import report_failure
from ringfence.cli.main import root
from ringfence.evaluate import release_build
from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record
from ringfence.export.policy import revision_of
from ringfence.keys import write_private
from ringfence.pipeline import compile_repository
from ringfence.testing.facts import nested

__all__ = [
    "CANARY",
    "LEDGER",
    "LINEAGE",
    "REVIEW",
    "SECTIONS",
    "Done",
    "Trail",
    "fill_trail",
    "make_trail",
    "one_decision",
    "policy_archive",
]

LEDGER = ("ledger", "--key", "log.vkey")
SECTIONS = ("explanations", "lineage", "reviews", "approvals", "exceptions")
REVIEW = (
    "--class", "false_positive", "--by", "user:kim@acme.example", "--note", "As planned.",
    "--observed", "run.timeout=900",
)  # fmt: skip
LINEAGE = (
    "--subject-type", "dataset", "--subject-id", "orders", "--operation", "join",
    "--input", "dataset:raw@7", "--output-ref", "dataset:orders@8",
)  # fmt: skip

HOUR = 3600
CANARY = "hunter2-canary"
_XLARGE = {"runner.size": "xlarge"}
_WAIVED = {"usage.class_hours_month": 98 * HOUR, "pipeline.id": "orders-backfill"}


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Trail:
    """The folder of the ledger, and the approval that one decision used."""

    folder: Path
    token: str

    def run(self, *arguments: str, now: int = NOW) -> Done:
        """Run a command of ringfence in the folder, at a clock (epoch seconds)."""
        before, err = Path.cwd(), StringIO()
        os.chdir(self.folder)
        try:
            with mock.patch.object(time, "time", return_value=float(now)), redirect_stderr(err):
                result = CliRunner().invoke(root, list(arguments), standalone_mode=False)
                code = result.exit_code
                if result.exception and not isinstance(result.exception, SystemExit):
                    assert isinstance(result.exception, Exception)
                    code = report_failure(result.exception)
        finally:
            os.chdir(before)
        return Done(code, result.stdout, result.stderr + err.getvalue())

    def record(self, *arguments: str) -> Record:
        """Return the one record that `ringfence evidence record` writes."""
        done = self.run("evidence", "record", *arguments)
        assert (done.code, done.err) == (0, "")
        (line,) = done.out.splitlines()
        return read_delivered(line.encode())

    def append(self, *records: Record) -> None:
        """Put records into the ledger as `ringfence evidence append --record` does."""
        (self.folder / "records.jsonl").write_bytes(b"".join(one.data + b"\n" for one in records))
        given = ("--key", "log.key.pem", "--record", "records.jsonl")
        done = self.run("evidence", "append", "ledger", *given)
        assert (done.code, done.err) == (0, "")
        assert f"added {len(records)} records" in done.out

    def inspect(self, name: str, *arguments: str) -> Any:
        """Return what `ringfence evidence inspect` says of an id."""
        given = ("evidence", "inspect", "ledger", name, "--key", "log.vkey", *arguments)
        done = self.run(*given, "--format", "json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out)


@functools.cache
def policy_archive() -> bytes:
    """Return the bundle that decides, as an archive."""
    compiled = compile_repository(REPOSITORY, now=NOW)
    build = release_build(compiled, release="runtime", environment="prod")
    about = manifest(revision=build.revision, roots=build.roots, metadata={})
    return pack({**build.files, ".manifest": about})


def make_trail(folder: Path, ask: Ask, *, store: Sequence[str] = ()) -> Trail:
    """Put a blocked, an approved and a waived decision of OPA into a new ledger of `folder`.

    With the options of a personal store, that is made, and keeps names and texts.
    """
    token = ask.approve(DEPLOY, _XLARGE, of=["runner.approval.xlarge"])
    approved = ask(DEPLOY, _XLARGE, approvals=[token])
    waived = ask(START, _WAIVED)
    blocked = ask(START, {"runner.size": "enormous"})
    assert [one["allowed"] for one in (approved, waived, blocked)] == [True, True, False]
    events = [
        _event("d-approved", DEPLOY, _XLARGE, approved),
        _event("d-waived", START, _WAIVED, waived),
        _event("d-blocked", START, {"runner.size": "enormous"}, blocked),
        {**_event("d-other", START, {}, blocked), "timestamp": "2026-11-02T09:00:00Z"},
    ]
    folder.mkdir(exist_ok=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    (folder / "log.vkey").write_text(NoteKey(ORIGIN, KEY.public_key()).vkey + "\n")
    (folder / "runtime.tar.gz").write_bytes(policy_archive())
    (folder / "policies").symlink_to(REPOSITORY)
    write_private(folder / "log.key.pem", KEY)
    trail = Trail(folder, token)
    signed = ("--key", "log.key.pem")
    commands = [
        ("init", "ledger", "--origin", ORIGIN, *signed),
        ("append", "ledger", "--log", "log.jsonl", "--facts", "runner.size", *signed, *store),
    ]
    if store:
        commands.insert(0, ("init-personal", "store", "--personal-key", "personal.key"))
    for given in commands:
        done = trail.run("evidence", *given)
        assert (done.code, done.err) == (0, "")
    return trail


def fill_trail(made: Trail) -> None:
    """Record all that there can be of the approved decision, and more of the others."""
    (made.folder / "approval.jws").write_text(made.token + "\n")
    made.append(
        made.record("approval", "approval.jws", "--root", "policies"),
        made.record("exception", "policies/exceptions/acme/EXC-1.yaml", "--root", "policies"),
        made.record("explanation", *LEDGER, "d-approved"),
        made.record("explanation", *LEDGER, "d-waived", "--policies", "policies"),
        made.record("explanation", *LEDGER, "d-blocked"),
        made.record("review", *LEDGER, "d-approved", *REVIEW),
        made.record("lineage", *LEDGER, "--decision", "d-approved", *LINEAGE, "--id", "lin-1"),
        made.record("lineage", *LEDGER, "--decision", "d-waived", *LINEAGE, "--parent", "lin-1"),
    )


def one_decision(trail: Trail, name: str) -> dict[str, Any]:
    """Return what is said of a decision."""
    (found,) = [one for one in trail.inspect(name)["decisions"] if one["decision_id"] == name]
    return dict(found)


def _event(
    name: str, point: str, changes: Mapping[str, object], decision: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the event that OPA logs of a decision; a fact of it is a canary."""
    facts = {**nested(base(point, changes)), "note": {"token": CANARY}}
    trace = name.replace("d-", "t-")
    return {
        "decision_id": name,
        "timestamp": "2026-11-20T09:00:00Z",
        "path": "ringfence/main/decision",
        "bundles": {"runtime": {"revision": revision_of(policy_archive())}},
        "labels": {"id": "sidecar-1", "version": "1.22.0"},
        "input": {"point": point, "tenant": "acme", "trace_id": trace, "facts": facts},
        "result": decision,
    }
