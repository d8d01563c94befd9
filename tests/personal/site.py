"""A folder with a ledger over decisions that name people, a personal store, and keys."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.commands import logged
from tests.evidence.samples import decision

import ringfence
from ringfence.evidence.note import NoteKey
from ringfence.keys import write_private, write_public

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MARIA, OTTO = "user:maria@acme.example", "user:otto@acme.example"
STORE = ("--personal-store", "personal", "--personal-key", "personal.key")
SIGNING = ("--key", "log.pem")
CHECK = ("--key", "log.vkey")


def event(number: int, by: str, *, month: str = "11", tenant: str = "acme") -> dict[str, Any]:
    """Return an event that names a person and a small number about them."""
    facts = {"request": {"by": by}, "runner": {"class": "container"}, "hr": {"grade": number}}
    allow = decision(action="allow", allowed=True, reasons=[])
    time = f"2026-{month}-02T20:56:51.6Z"
    return logged(number, facts, timestamp=time, tenant=tenant, result=allow)


EVENTS = [
    event(1, MARIA, month="10"),
    event(2, MARIA),
    event(3, OTTO),
    event(4, MARIA, tenant="zeta"),
]


class Site:
    """A folder with a ledger over `EVENTS`, a personal store, and keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_private(folder / "log.pem", KEY)
        write_private(folder / "package.pem", KEY)
        write_public(folder / "package.pub.pem", KEY.public_key())
        (folder / "log.vkey").write_text(NoteKey("e.com/l", KEY.public_key()).vkey)
        (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in EVENTS))
        self.run("init-personal", "personal", "--personal-key", "personal.key")
        self.run("init", "ledger", "--origin", "e.com/l", *SIGNING)
        self.append(*STORE)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run `ringfence evidence`, and return what it printed."""
        command = [sys.executable, "-m", "ringfence.cli.main", "evidence", *arguments]
        env = {**os.environ, "PYTHONPATH": str(Path(ringfence.__file__).parents[1])}
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout + (done.stderr if code else "")

    def append(self, *more: str, code: int = 0) -> dict[str, Any]:
        """Append the events with all their facts allowed."""
        facts = ("--facts", "request.by,runner.class,hr.grade", "--personal-facts", "hr.grade")
        done = self.run(
            "append", "ledger", *SIGNING, "--log", "log.jsonl", *facts, *more, "--format", "json",
            code=code,
        )  # fmt: skip
        said: dict[str, Any] = json.loads(done)
        return said

    def erase(self, *scope: str, code: int = 0) -> str:
        """Erase a scope."""
        who = ("--by", "dpo", "--reason", "request 17")
        return self.run(
            "erase", "ledger", *scope, *who, *SIGNING, *STORE, "--format", "json", code=code
        )

    def personal(self, number: int, *store: str) -> dict[str, Any]:
        """Return what `inspect` says of a decision's personal facts."""
        said = self.run("inspect", "ledger", f"d-{number}", *CHECK, *store, "--format", "json")
        (one,) = json.loads(said)["decisions"]
        found: dict[str, Any] = one["personal"]
        return found

    def root(self) -> tuple[int, str]:
        """Return size and root once all of the ledger is verified."""
        said = json.loads(self.run("fsck", "ledger", *CHECK, "--format", "json"))
        return said["records"], said["root"]


def values_in(folder: Path, value: bytes) -> list[Path]:
    """Return the files below a folder that hold a value."""
    return [path for path in folder.rglob("*") if path.is_file() and value in path.read_bytes()]
