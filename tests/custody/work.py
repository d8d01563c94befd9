"""What every command signs, with keys named by URIs, and whether that verifies."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from tests.evidence.commands import logged, write_log
from tests.evidence.samples import decision
from tests.trust.test_attest import FACTS as SCANNED
from tests.trust.test_attest import GIVEN as ATTEST
from tests.trust.test_commands import APPROVE, FACTS, REQUEST

import ringfence
from ringfence.collector.credential import digest_of, new_token
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.note import NoteKey, sign_note
from ringfence.keys import PublicKey, public_pem, thumbprint
from ringfence.language.facts import all_points
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.ledger.cosignature import WitnessKey, read_cosignatures
from ringfence.ledger.submission import Submission
from ringfence.opa import find_opa
from ringfence.trust.canonical import bound_digest
from ringfence.trust.check import Accepted, Expected, check_token
from ringfence.trust.jws import attach, encode_base64url, read_compact, verify
from ringfence.trust.root import compile_trust
from ringfence.trust.written import read_exception

ROOT = Path(__file__).parents[2]
SCAFFOLD = ROOT / "compiler" / "ringfence" / "scaffold"
EXAMPLE = ROOT / "examples" / "data-platform"
ALLOW = decision(action="allow", allowed=True, reasons=[], waived=[], approvals=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A folder to work in, options that go with each key, and secrets that nobody may see."""

    folder: Path
    given: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run `ringfence`, expect the exit code, and return what it printed."""
        return self._done(*arguments, code=code).stdout

    def refused(self, *arguments: str) -> str:
        """Run `ringfence` with something that is wrong, and return what it said."""
        done = self._done(*arguments, code=1)
        assert done.stdout == ""
        return done.stderr

    def _done(self, *arguments: str, code: int) -> "subprocess.CompletedProcess[str]":
        """Run a command; no secret is in what it says."""
        done = subprocess.run(
            self._command(*arguments), cwd=self.folder, env=self._env(), capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        for secret in self.secrets:
            assert secret not in done.stdout + done.stderr
        return done

    def seal(self, uri: str) -> None:
        """Seal a log, and verify the package."""
        write_log(self.folder, [logged(1, {}, result=ALLOW)])
        where = ("-o", "sealed", "--origin", "e.com/l")
        said = self.run(
            *("evidence", "seal", "log.jsonl", *where, "--format", "json"), *self._by(uri)
        )
        assert json.loads(said)["records"] == 1
        self._ledger(uri)
        self.run("evidence", "verify", "sealed", "--key", "log.vkey", "--origin", "e.com/l")

    def export(self, uri: str, public: PublicKey, *, log: str | None = None) -> None:
        """Export a ledger that another key signs, and verify the package; altered it is refused."""
        self._ledger(log)
        (self.folder / "package.pub.pem").write_text(public_pem(public))
        trust = ("--key", "log.vkey")
        signing = ("--signing-key", uri, *self.given)
        self.run(
            *("evidence", "export", "ledger", "--tenant", "acme", "-o", "out", *trust), *signing
        )
        check = ("evidence", "verify", "out", *trust, "--package-key", "package.pub.pem")
        self.run(*check)
        summary = self.folder / "out" / "summary.md"
        summary.chmod(0o644)
        summary.write_bytes(summary.read_bytes() + b"\n")
        self.run(*check, code=4)

    def approve(self, uri: str, public: Ed25519PublicKey) -> None:
        """Approve a request; the token counts under a trust root with this key."""
        self._repository()
        token = self.run("approve", *options(APPROVE | {"--key": uri}), *self.given).strip()
        digest = bound_digest(FACTS, all_points()["runner.start"])
        expected = Expected(
            use="approval", point="runner.start", tenant="acme", env="prod",
            rule="runner.size.xlarge", digest=digest, requester="user:maria@acme.example",
            revoked={},
        )  # fmt: skip
        trust = _trust(public, kid="lee", identity=APPROVE["--by"], use="approval")
        assert isinstance(check_token(token, expected, trust=trust, now=int(time.time())), Accepted)

    def attest(self, uri: str, public: Ed25519PublicKey) -> None:
        """Attest a fact; the token counts under a trust root with this key."""
        (self.folder / "facts.json").write_text(json.dumps(SCANNED))
        token = self.run("attest", *options(ATTEST | {"--key": uri}), *self.given).strip()
        expected = Expected(
            use="attestation", point="runner.deploy", tenant="acme", env="prod", facts=SCANNED,
            revoked={},
        )  # fmt: skip
        trust = _trust(public, kid="scanner", identity=ATTEST["--by"], use="attestation")
        assert isinstance(check_token(token, expected, trust=trust, now=int(time.time())), Accepted)

    def exception(self, uri: str, public: Ed25519PublicKey) -> None:
        """Request and approve an exception; the signature in the file is the key's."""
        from ringfence.trust.exception import canonical_bytes

        self._repository()
        self.run(*REQUEST)
        path = "exceptions/acme/EXC-7.yaml"
        by = ("--by", APPROVE["--by"], "--kid", "lee")
        self.run("exception", "approve", path, *by, *self._by(uri))
        document = read_exception(path, (self.folder / path).read_bytes())
        assert document.spec.approval
        jws = read_compact(attach(document.spec.approval.token, payload=canonical_bytes(document)))
        assert verify(jws, public=public.public_bytes_raw())

    def witness(self, uri: str, public: Ed25519PublicKey) -> None:
        """Serve a witness for one checkpoint; its cosignature is the key's."""
        log = Ed25519PrivateKey.generate()
        (self.folder / "witnessed.vkey").write_text(NoteKey("e.com/w", log.public_key()).vkey)
        text = Checkpoint(origin="e.com/w", size=3, root=b"r" * 32).text()
        note = sign_note(text, name="e.com/w", key=log)
        command = self._command(
            *("witness", "--state", "state", "--name", "w.example/w"),
            *("--log", "witnessed.vkey", *self._by(uri)),
        )
        with subprocess.Popen(
            command, cwd=self.folder, env=self._env(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            vkey, url = process.stdout.readline().strip(), process.stdout.readline().strip()
            body = Submission(old=0, proof=(), note=note).encode()
            answer = requests.post(f"{url}/add-checkpoint", data=body, timeout=30)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        key = WitnessKey("w.example/w", public)
        assert WitnessKey.of_vkey(vkey) == key
        assert len(read_cosignatures(note + answer.content, keys=[key])) == 1

    def build(self, uri: str, public: PublicKey) -> None:
        """Build signed bundles; OPA itself takes them under the key, and not for another scope."""
        given = ("build", str(EXAMPLE), "-o", "built", "--release", "runtime", "--env", "prod")
        self.run(*given, "--signing-key", uri, *self.given)
        (self.folder / "pub.pem").write_text(public_pem(public))
        for name, scope, code in (
            ("runtime", "runtime", 0), ("live", "live", 0), ("live", "runtime", 1),
        ):  # fmt: skip
            command = [
                str(find_opa()), "build", "--bundle", f"built/{name}.tar.gz", "-o", "again.tar.gz",
                "--verification-key", "pub.pem", "--signing-alg", "ES256",
                "--verification-key-id", thumbprint(public), "--scope", scope,
            ]  # fmt: skip
            done = subprocess.run(
                command, cwd=self.folder, capture_output=True, check=False, timeout=120
            )
            assert done.returncode == code, done.stderr + done.stdout

    def reconcile(self, uri: str) -> None:
        """Append a gap record for an allowed decision without a run, signed by the log's own key."""
        self._ledger(uri)
        said = self.run(
            *("evidence", "reconcile", "ledger", "--key", "log.vkey", "--grace", "0s"),
            *("--format", "json", "--append-with", uri, *self.given), code=2,
        )  # fmt: skip
        assert json.loads(said)["appended"] == 1
        self.run("evidence", "fsck", "ledger", "--key", "log.vkey")

    def erase(self, uri: str) -> None:
        """Erase a tenant's personal facts; the ledger's own key signs the tombstone."""
        self._ledger(uri)
        store = ("--personal-store", "personal", "--personal-key", "personal.key")
        self.run("evidence", "init-personal", *store[1:])
        named = logged(2, {"request": {"by": "user:maria@acme.example"}}, result=ALLOW)
        write_log(self.folder, [named])
        log = ("--log", "log.jsonl", "--facts", "request.by", *store)
        self.run("evidence", "append", "ledger", *log, *self._by(uri))
        why = ("--tenant", "acme", "--by", "dpo@acme.example", "--reason", "request 17")
        self.run("evidence", "erase", "ledger", *why, *store, *self._by(uri))
        self.run("evidence", "fsck", "ledger", "--key", "log.vkey")

    def collect(self, uri: str) -> None:
        """Collect one upload into a ledger that its own key signs while the collector runs."""
        self._ledger(uri)
        token, event = new_token(), logged(3, {}, result=ALLOW)
        config = {
            "apiVersion": "ringfence/v1", "kind": "Collector",
            "ledgers": [{"origin": "e.com/l", "folder": "ledger", "keys": [uri]}],
            "revisions": {"known": [event["bundles"]["runtime"]["revision"]]},
            "principals": [{
                "name": "sidecar-1", "origin": "e.com/l", "tenants": ["acme"],
                "environment": "prod", "token": digest_of(token),
            }],
        }  # fmt: skip
        (self.folder / "collector.yaml").write_text(yaml.safe_dump(config))
        command = self._command("collect", "--config", "collector.yaml", *self.given)
        with subprocess.Popen(
            command, cwd=self.folder, env=self._env(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            url = process.stdout.readline().strip()
            body = gzip.compress(json.dumps([event]).encode())
            headers = {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip"}
            answer = requests.post(f"{url}/logs", data=body, headers=headers, timeout=30)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert (answer.status_code, process.returncode) == (200, 0), answer.text
        said = self.run("evidence", "inspect", "ledger", "d-3", "--key", "log.vkey")
        assert "d-3" in said

    def _by(self, uri: str) -> tuple[str, ...]:
        return ("--key", uri, *self.given)

    def _ledger(self, uri: str | None) -> None:
        """Make a ledger of one decision, once, with the key or one in a file, and its `log.vkey`."""
        if (self.folder / "ledger").exists():
            return
        write_log(self.folder, [logged(1, {}, result=ALLOW)])
        if uri is None:
            self.run("keygen", "--type", "ed25519", "--out", ".", "--name", "log")
        by = ("--key", "log.key.pem") if uri is None else self._by(uri)
        said = self.run(
            *("evidence", "init", "ledger", "--origin", "e.com/l", *by, "--format", "json")
        )
        (self.folder / "log.vkey").write_text(json.loads(said)["key"])
        self.run("evidence", "append", "ledger", *by, "--log", "log.jsonl")
        self.run("evidence", "fsck", "ledger", "--key", "log.vkey")

    def _repository(self) -> None:
        shutil.copytree(SCAFFOLD, self.folder, dirs_exist_ok=True)
        (self.folder / "facts.json").write_text(json.dumps(FACTS))

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "ringfence.cli.main", *arguments]

    def _env(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(Path(ringfence.__file__).parents[1]), **self.env}


def options(given: dict[str, str]) -> list[str]:
    """Return names and values one after the other."""
    return [part for pair in given.items() for part in pair]


def _trust(public: Ed25519PublicKey, *, kid: str, identity: str, use: str) -> dict[str, Any]:
    """Return compiled trust in one key."""
    entry = {
        "kid": kid, "public": encode_base64url(public.public_bytes_raw()), "identity": identity,
        "uses": [use], "tenants": ["*"], "environments": ["*"],
        "not_before": "2026-01-01T00:00:00Z", "not_after": "2036-01-01T00:00:00Z",
    }  # fmt: skip
    return compile_trust([TrustRoot.model_validate({"max_exception_age": "90d", "keys": [entry]})])
