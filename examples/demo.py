"""The main job, end to end, on the example's data platform: about a minute after set-up.

Tenant YAML is checked, tested, compiled and signed; a locked OPA loads the signed bundles and decides
more than 2,000 requests; its decision logs are collected, sealed and verified, once by ringfence and
once by openssl; then a candidate policy is replayed on them.
"""

import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from examples.traffic import requests_of_a_day  # noqa: E402 - run as a script, from anywhere
from ringfence.ir.schema import DecisionPoint  # noqa: E402
from ringfence.keys import load_private, load_public, public_jwk  # noqa: E402
from ringfence.language.facts import all_points  # noqa: E402
from ringfence.opa import OpaServer  # noqa: E402
from ringfence.opa.ask import OpaDecisions, decide_or_block  # noqa: E402
from ringfence.opa.lockdown import SERVER_FLAGS  # noqa: E402
from ringfence.trust.token import issue_approval, issue_attestation  # noqa: E402

REQUESTS = 2400
LEE, SCANNER = "user:lee@platform.example", "service:scanner@platform.example"


def main() -> None:
    """Run the demo in `build/demo`."""
    work = HERE.parent / "build" / "demo"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    started = time.monotonic()
    _prepare(work)
    _say("check, test, build and sign")
    _ringfence("check", work / "policies")
    _ringfence("test", HERE / "data-platform")
    with _Site(work) as site:
        _build(work, site.url)
        decisions = _decide(work, site)
    _say(f"{len(decisions)} decisions, {len(site.events)} decision-log events collected")
    for action, count in Counter(d["action"] for d in decisions).most_common():
        print(f"  {action:<13}{count:6}")
    logs = _write_logs(work, site.events)
    _seal(work, logs)
    _replay(work, logs)
    _summary(work, decisions, seconds=time.monotonic() - started)


def _say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def _ringfence(*arguments: object, ok: Sequence[int] = (0,)) -> str:
    command = [sys.executable, "-m", "ringfence.cli.main", *map(str, arguments)]
    print("$ ringfence " + " ".join(_short(str(a)) for a in arguments), flush=True)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(result.stdout)
    sys.stderr.write(result.stderr)
    if result.returncode not in ok:
        raise SystemExit(f"`ringfence {arguments[0]}` left with {result.returncode}")
    return result.stdout


def _short(argument: str) -> str:
    path = Path(argument)
    return os.path.relpath(path) if path.is_absolute() else argument


def _prepare(work: Path) -> None:
    """Copy the policies, make keys of our own, and have an exception approved."""
    _say("keys of our own, and an approved exception")
    policies, keys = work / "policies", work / "keys"
    shutil.copytree(HERE / "data-platform", policies)
    for name in ("lee", "scanner", "log"):
        _ringfence("keygen", "--type", "ed25519", "--out", keys, "--name", name)
    _ringfence("keygen", "--type", "es256", "--out", keys, "--name", "prod")
    trust = policies / "platform" / "trust.yaml"
    text = trust.read_text()
    for name, old in zip(("lee", "scanner"), _public_keys(text), strict=True):
        text = text.replace(old, public_jwk(load_public(keys / f"{name}.pub.pem"))["x"])
    trust.write_text(text)
    shutil.rmtree(policies / "exceptions" / "acme")
    until = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 14 * 86_400))
    _ringfence(
        "exception", "request", "EXC-2041", "--root", policies, "--tenant", "acme",
        "--owner", "team-acme-data", "--lifts", "runner.quota.monthly-hours",
        "--at", "runner.deploy", "--at", "runner.start",
        "--match", "facts.pipeline.id=orders-backfill", "--match", "facts.runner.class=container",
        "--ceiling", "facts.usage.class_hours_after=140h", "--expires-at", until,
        "--requester", "user:maria@acme.example",
        "--justification", "Re-run of 12 days of orders lost in OUT-88.",
        "--risk", "Same image, data and network as the daily run; only hours rise.",
        "--cost", "extra=40h", "--cost", "cost_center=CC-4411",
        "--cost", "agreed_with=user:finops@acme.example",
    )  # fmt: skip
    _ringfence(
        "exception", "approve", policies / "exceptions/acme/EXC-2041.yaml",
        "--key", keys / "lee.key.pem", "--by", LEE, "--kid", "lee-2026",
    )  # fmt: skip


def _public_keys(text: str) -> list[str]:
    return [line.split('"')[1] for line in text.splitlines() if line.strip().startswith("public:")]


def _build(work: Path, url: str) -> None:
    _ringfence(
        "build", work / "policies", "-o", work / "bundles", "--release", "runtime",
        "--env", "prod", "--signing-key", work / "keys/prod.key.pem", "--slices",
        "--service-url", f"{url}/bundles", "--logs-url", url,
    )  # fmt: skip


def _decide(work: Path, site: "_Site") -> list[dict[str, Any]]:
    """Ask a locked OPA, which has loaded the signed bundles, through opa-python-client."""
    _say("a locked OPA that loads signed bundles only")
    now = int(time.time())
    points = all_points()
    approve = partial(_approval, work, points, now)
    attest = partial(_attestation, work, now)
    requests = list(requests_of_a_day(REQUESTS, seed=7, now=now, attest=attest, approve=approve))
    server = OpaServer(config=work / "bundles/opa.yaml", arguments=SERVER_FLAGS, unix=False)
    with server, OpaDecisions(port=server.port) as client:
        answers = [decide_or_block(client, request) for request in requests]
        _wait(lambda: len(site.events) >= len(answers), what="the decision logs")
    return answers


def _approval(
    work: Path, points: dict[str, DecisionPoint], now: int, request: dict[str, Any], rule: str
) -> str:
    key = load_private(work / "keys/lee.key.pem")
    return issue_approval(
        request["facts"],
        point=points[request["point"]],
        tenant=request["tenant"],
        env="prod",
        rules=[rule],
        by=LEE,
        requester=request["facts"]["request"]["by"],
        issued_at=now,
        lifetime=3600,
        key=key,
        kid="lee-2026",
    )


def _attestation(work: Path, now: int, request: dict[str, Any]) -> str:
    key = load_private(work / "keys/scanner.key.pem")
    scan = request["facts"]["scan"]
    return issue_attestation(
        {f"scan.{name}": value for name, value in scan.items()},
        subject={"artifact.digest": request["facts"]["artifact"]["digest"]},
        point=request["point"],
        tenant=request["tenant"],
        env="prod",
        by=SCANNER,
        issued_at=now,
        lifetime=3600,
        key=key,
        kid="scanner-2026",
    )


def _wait(done: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + 60
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not arrive within a minute")
        time.sleep(0.1)


def _write_logs(work: Path, events: list[dict[str, Any]]) -> Path:
    logs = work / "decisions.jsonl.gz"
    with gzip.open(logs, "wt", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(event) + "\n")
    return logs


def _seal(work: Path, logs: Path) -> None:
    _say("evidence: sealed, verified by ringfence, and by openssl")
    package = work / "evidence"
    _ringfence(
        "evidence", "seal", logs, "-o", package, "--key", work / "keys/log.key.pem",
        "--origin", "platform.example/runners",
        "--facts", "runner.class,runner.size,runner.network,pipeline.id,workload.id",
    )  # fmt: skip
    _ringfence(
        "evidence", "verify", package, "--key", work / "keys/log.pub.pem",
        "--origin", "platform.example/runners",
    )  # fmt: skip
    command = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(work / "keys/log.pub.pem"),
        "-rawin", "-in", str(package / "checkpoint.body"),
        "-sigfile", str(package / "checkpoint.sig"),
    ]  # fmt: skip
    print("$ " + " ".join(_short(a) for a in command), flush=True)
    subprocess.run(command, check=True)


def _replay(work: Path, logs: Path) -> None:
    _say("a candidate: globex's containers get 40 minutes, acme's concurrency 4")
    candidate = work / "candidate"
    shutil.copytree(work / "policies", candidate)
    for file, old, new in (
        ("tenants/globex/runners.yaml", "container: 1h", "container: 40m"),
        ("tenants/acme/runners.yaml", "concurrency: 10", "concurrency: 4"),
    ):
        path = candidate / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    _ringfence(
        "replay", logs, "--baseline", work / "policies", "--candidate", candidate,
        "--release", "runtime", "--env", "prod", "--output", work / "replay.json",
    )  # fmt: skip


def _summary(work: Path, decisions: list[dict[str, Any]], *, seconds: float) -> None:
    _say(f"done in {seconds:.0f} s")
    allowed = sum(1 for decision in decisions if decision["allowed"])
    waived = sum(1 for decision in decisions if decision.get("waived"))
    approved = sum(1 for decision in decisions if decision.get("approvals"))
    print(
        f"{len(decisions)} decisions: {allowed} allowed, {waived} by exception, {approved} by approval"
    )
    for name in ("policies", "bundles", "decisions.jsonl.gz", "evidence", "replay.json"):
        print(f"  {os.path.relpath(work / name)}")


class _Site:
    """Serve bundles and receive decision logs, on a free loopback port."""

    def __init__(self, work: Path) -> None:
        self.events: list[dict[str, Any]] = []
        handler = partial(_Handler, self.events, directory=str(work))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "_Site":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, events: list[dict[str, Any]], *arguments: Any, **named: Any) -> None:
        self._events = events
        super().__init__(*arguments, **named)

    def do_POST(self) -> None:
        """Take one upload of OPA's decision-log plugin: a gzip JSON array."""
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self._events.extend(json.loads(gzip.decompress(raw)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


if __name__ == "__main__":
    main()
