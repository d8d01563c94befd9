"""The main job, end to end, on the examples: less than a minute after set-up.

Tenant YAML is checked, tested, compiled and signed; a locked OPA loads the signed bundles and decides
more than 2,000 requests; its decision logs are collected, sealed and verified, once by ringfence and
once by openssl; then a candidate policy is replayed on them. At last an agent calls tools through the
proxy, which shows what the policy shows, stops one call, and holds another until it is approved.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from examples.agent import run_agent  # noqa: E402 - run as a script, from anywhere
from examples.stage import Site, ringfence, say, short, wait  # noqa: E402
from examples.traffic import requests_of_a_day  # noqa: E402
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
    say("check, test, build and sign")
    ringfence("check", work / "policies")
    ringfence("test", HERE / "data-platform")
    with Site(work) as site:
        _build(work, site.url)
        decisions = _decide(work, site)
    say(f"{len(decisions)} decisions, {len(site.events)} decision-log events collected")
    for action, count in Counter(d["action"] for d in decisions).most_common():
        print(f"  {action:<13}{count:6}")
    logs = _write_logs(work, site.events)
    _seal(work, logs)
    _replay(work, logs)
    run_agent(work)
    _summary(work, decisions, seconds=time.monotonic() - started)


def _prepare(work: Path) -> None:
    """Copy the policies, make keys of our own, and have an exception approved."""
    say("keys of our own, and an approved exception")
    policies, keys = work / "policies", work / "keys"
    shutil.copytree(HERE / "data-platform", policies)
    for name in ("lee", "scanner", "log"):
        ringfence("keygen", "--type", "ed25519", "--out", keys, "--name", name)
    ringfence("keygen", "--type", "es256", "--out", keys, "--name", "prod")
    trust = policies / "platform" / "trust.yaml"
    text = trust.read_text()
    for name, old in zip(("lee", "scanner"), _public_keys(text), strict=True):
        text = text.replace(old, public_jwk(load_public(keys / f"{name}.pub.pem"))["x"])
    trust.write_text(text)
    shutil.rmtree(policies / "exceptions" / "acme")
    until = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 14 * 86_400))
    ringfence(
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
    ringfence(
        "exception", "approve", policies / "exceptions/acme/EXC-2041.yaml",
        "--key", keys / "lee.key.pem", "--by", LEE, "--kid", "lee-2026",
    )  # fmt: skip


def _public_keys(text: str) -> list[str]:
    return [line.split('"')[1] for line in text.splitlines() if line.strip().startswith("public:")]


def _build(work: Path, url: str) -> None:
    ringfence(
        "build", work / "policies", "-o", work / "bundles", "--release", "runtime",
        "--env", "prod", "--signing-key", work / "keys/prod.key.pem", "--slices",
        "--service-url", f"{url}/bundles", "--logs-url", url,
    )  # fmt: skip


def _decide(work: Path, site: "Site") -> list[dict[str, Any]]:
    """Ask a locked OPA, which has loaded the signed bundles, through opa-python-client."""
    say("a locked OPA that loads signed bundles only")
    now = int(time.time())
    points = all_points()
    approve = partial(_approval, work, points, now)
    attest = partial(_attestation, work, now)
    requests = list(requests_of_a_day(REQUESTS, seed=7, now=now, attest=attest, approve=approve))
    server = OpaServer(config=work / "bundles/opa.yaml", arguments=SERVER_FLAGS, unix=False)
    with server, OpaDecisions(port=server.port) as client:
        answers = [decide_or_block(client, request) for request in requests]
        wait(lambda: len(site.events) >= len(answers), what="the decision logs")
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


def _write_logs(work: Path, events: list[dict[str, Any]]) -> Path:
    logs = work / "decisions.jsonl.gz"
    with gzip.open(logs, "wt", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(event) + "\n")
    return logs


def _seal(work: Path, logs: Path) -> None:
    say("evidence: sealed, verified by ringfence, and by openssl")
    package = work / "evidence"
    ringfence(
        "evidence", "seal", logs, "-o", package, "--key", work / "keys/log.key.pem",
        "--origin", "platform.example/runners",
        "--facts", "runner.class,runner.size,runner.network,pipeline.id,workload.id",
    )  # fmt: skip
    ringfence(
        "evidence", "verify", package, "--key", work / "keys/log.pub.pem",
        "--origin", "platform.example/runners",
    )  # fmt: skip
    command = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(work / "keys/log.pub.pem"),
        "-rawin", "-in", str(package / "checkpoint.body"),
        "-sigfile", str(package / "checkpoint.sig"),
    ]  # fmt: skip
    print("$ " + " ".join(short(a) for a in command), flush=True)
    subprocess.run(command, check=True)


def _replay(work: Path, logs: Path) -> None:
    say("a candidate: globex's containers get 40 minutes, acme's concurrency 4")
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
    ringfence(
        "replay", logs, "--baseline", work / "policies", "--candidate", candidate,
        "--release", "runtime", "--env", "prod", "--output", work / "replay.json",
    )  # fmt: skip


def _summary(work: Path, decisions: list[dict[str, Any]], *, seconds: float) -> None:
    say(f"done in {seconds:.0f} s")
    allowed = sum(1 for decision in decisions if decision["allowed"])
    waived = sum(1 for decision in decisions if decision.get("waived"))
    approved = sum(1 for decision in decisions if decision.get("approvals"))
    print(
        f"{len(decisions)} decisions: {allowed} allowed, {waived} by exception, {approved} by approval"
    )
    for name in ("policies", "bundles", "decisions.jsonl.gz", "evidence", "replay.json"):
        print(f"  {os.path.relpath(work / name)}")


if __name__ == "__main__":
    main()
