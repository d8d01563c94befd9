"""Decisions of a real OPA, their log, the bundles that decided, a ledger, and signed runs."""

import contextlib
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.cli.main import main
from ringfence.decision_log.event import log_event
from ringfence.evidence.decision import make_decision
from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record
from ringfence.evidence.run import checks_of, close_run
from ringfence.evidence.run_signature import sign_run
from ringfence.keys import write_private, write_public
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

ORIGIN = "example.com/runners"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RUNNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
FACTS = frozenset({"runner.class", "runner.size"})
APPLICABLE = frozenset({"runner.timeout", "runner.retries"})


@dataclass(frozen=True)
class Decisions:
    """What a real OPA decided and logged, in order, and the folder with the bundles' archives."""

    events: list[dict[str, Any]]
    bundles: Path
    key: Path

    def archives(self) -> list[str]:
        """Return the options that pass the bundles and their key."""
        found = [str(path) for path in sorted(self.bundles.glob("*.tar.gz"))]
        options = [part for path in found for part in ("--bundle", path)]
        return [*options, "--bundle-key", str(self.key)]


def record_of(event: dict[str, Any], *, principal: str = "sidecar-1") -> Record:
    """Return the record that a collector makes of an event."""
    read = log_event(event)
    assert read is not None
    return make_decision(read, allowed_facts=FACTS, principal=principal)


def run_of(
    *events: dict[str, Any],
    run_id: str = "run-1",
    key: Ed25519PrivateKey = RUNNER,
    name: str = "pool-1",
) -> Record:
    """Return the signed record of a run under some decisions."""
    uses = [DecisionUse.of_record(record_of(one).body, applicable=APPLICABLE) for one in events]
    report = {
        "run_id": run_id,
        "tenant": "example",
        "runner": {"class": "container", "size": "medium", "network_profile": "private_vpc"},
        "images": [{"name": "base", "digest": "sha256:" + "5" * 64}],
        "drivers": [],
        "secrets": [],
        "checks": [one.model_dump(mode="json") for use in uses for one in checks_of(use)],
    }
    return sign_run(close_run(report, decisions=uses), runner=name, key=key)


def changed_run(run: Record, **members: Any) -> Record:
    """Return a run's record that the runner has signed with other members."""
    from ringfence.evidence.records import RecordKind, make_record

    body = {
        name: value for name, value in run.body.items() if name not in ("signature", "signed_by")
    }
    return sign_run(make_record(RecordKind.RUN, {**body, **members}), runner="pool-1", key=RUNNER)


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class World:
    """A ledger of some records, and the command that compares it."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, records: Sequence[Record]) -> "World":
        """Write keys and ledger."""
        write_private(folder / "log.key.pem", LOG_KEY)
        write_public(folder / "pool-1.pub.pem", RUNNER.public_key())
        (folder / "log.vkey").write_text(NoteKey(ORIGIN, LOG_KEY.public_key()).vkey)
        ledger = Ledger.create(folder / "ledger", origin=ORIGIN, settings=Settings(keys=(LOG_KEY,)))
        if records:
            ledger.append(records)
        ledger.checkpoint()
        ledger.close()
        return cls(folder)

    def log(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """Write a decision log, and return the option that passes it."""
        path = self.folder / "decisions.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in events))
        return ["--log", str(path)]

    def compare(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Return the command's exit code, and what it said."""
        result = self.run(*options, "--format", "json")
        assert result.exit_code in (0, 2), result.stderr
        return result.exit_code, json.loads(result.stdout)

    def codes(self, *options: str) -> list[str]:
        """Return the codes of the findings; the exit code tells whether there are some."""
        code, said = self.compare(*options)
        found = [one["code"] for one in said["findings"]]
        assert code == (2 if found else 0)
        return found

    def run(self, *options: str) -> Answer:
        """Run the command with the keys that are trusted."""
        named = ["--key", str(self.folder / "log.vkey")]
        named += ["--runner", f"pool-1={self.folder / 'pool-1.pub.pem'}", "--grace", "0s"]
        command = ["ringfence", "evidence", "reconcile", str(self.folder / "ledger")]
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            mock.patch.object(sys, "argv", [*command, *named, *options]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as done:
                code = done.code if isinstance(done.code, int) else 0
        return Answer(code, out.getvalue(), err.getvalue())
