"""A repository with a gate, its keys, and the log of what was decided: made by the commands alone."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ringfence
from ringfence.evaluate import bundle_files
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import compile_repository

__all__ = ["CI", "HOUR", "LEE", "MARIA", "ROBIN", "command", "publish", "said", "write_log"]

MARIA, CI = "user:maria@example.com", "service:ci@example.com"
LEE, ROBIN = "user:lee@example.com", "user:robin@example.com"
HOUR = 3600
_PROD = "prod: {after: {staging: 1d}}"
_GATE = """prod:
      gate:
        tests: passed
        replay: {window: 1h, new_block_at_most: "1%", not_replayable_at_most: "5%"}
        approvals: {from: group:policy-reviewers, count: 2}"""
_TRUST = """apiVersion: ringfence/v1
kind: TrustRoot
metadata: {name: trust, scope: platform, owner: platform-team}
spec:
  max_exception_age: 31d
  keys:
"""


def command(folder: Path, *arguments: str | Path, code: int = 0) -> str:
    """Run `ringfence` in a folder, and return what it says; it must exit with `code`."""
    line = [sys.executable, "-m", "ringfence.cli.main", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(Path(ringfence.__file__).parents[1])}
    done = subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def said(path: Path) -> Any:
    """Return the JSON of a file."""
    return json.loads(path.read_text())


def publish(folder: Path) -> None:
    """Make `main`, a policy repository with a gate, and `keys`."""
    command(folder, "init", "main")
    release = folder / "main" / "releases" / "runtime.yaml"
    before = release.read_text()
    assert _PROD in before
    release.write_text(before.replace(_PROD, _GATE))
    command(folder, "keygen", "--type", "es256", "--out", "keys", "--name", "prod")
    command(folder, "keygen", "--type", "ed25519", "--out", "keys", "--name", "log")
    entries = [
        _key(folder, "ci", CI, uses="attestation", groups=""),
        *(_key(folder, who, f"user:{who}@example.com") for who in ("lee", "robin")),
    ]
    (folder / "main" / "platform" / "trust.yaml").write_text(_TRUST + "".join(entries))
    assert "no mistakes" in command(folder, "check", "main")


def _key(
    folder: Path,
    kid: str,
    identity: str,
    *,
    uses: str = "approval",
    groups: str = '"group:policy-reviewers"',
) -> str:
    text = command(
        folder,
        *("keygen", "--type", "ed25519", "--out", "keys", "--name", kid, "--keyid", kid),
        *("--format", "json"),
    )
    entry: str = json.loads(text)["trust_root"]
    entry = entry.replace("user:someone@example.com  # who holds the private key", f'"{identity}"')
    entry = entry.replace("[approval, exception]", f"[{uses}]\n  groups: [{groups}]")
    return "".join(f"    {line}\n" for line in entry.splitlines())


def write_log(folder: Path, *, hours: int = 2, events: int = 9) -> Path:
    """Write what `main` decided in the last hours, on the real OPA, as a decision log."""
    now = int(time.time())
    files = bundle_files(
        compile_repository(folder / "main", now=now), release="runtime", environment="prod"
    )
    times = [now - HOUR * hours + n * HOUR * hours // (events - 1) for n in range(events)]
    asked = [_asked(timeout=600 + 900 * (n % 2)) for n in range(events)]
    with PolicyServer(files) as server:
        cases = [(one, at * 10**9) for one, at in zip(asked, times, strict=True)]
        decisions = server.decide(cases)
    lines = [
        {
            "decision_id": f"d-{n}",
            "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "path": "ringfence/main/decision",
            "input": one,
            "result": decision,
        }
        for n, (one, at, decision) in enumerate(zip(asked, times, decisions, strict=True))
    ]
    path = folder / "decisions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _asked(*, timeout: int) -> dict[str, Any]:
    """Return an allowed request of the scaffold's tenant, as its fixture has it."""
    return {
        "point": "runner.start",
        "tenant": "example",
        "facts": {
            "request": {"by": MARIA},
            "runner": {
                "class": "container",
                "size": "medium",
                "profile": "standard",
                "network": "private_vpc",
            },
            "workload": {"id": "daily-load", "is_new": False, "processes_events": False},
            "pipeline": {"id": "daily-load"},
            "data": {"classification": "internal"},
            "run": {"concurrency": 1, "estimate": HOUR, "timeout": timeout},
            "usage": {"running": 1, "class_hours_month": 10 * HOUR},
            "tags": {
                "class": "container",
                "size": "medium",
                "tenant": "example",
                "pipeline": "daily-load",
            },
            "endpoints": [],
            "secrets": [],
            "secrets_inline": 0,
            "images": [{"repository": "registry.example.com/daily-load", "digest": "sha256:5f1d"}],
            "drivers": [],
            "logging": {"access_enabled": True, "access_sink": "s3://logs/example"},
            "retries": {"max_attempts": 3},
            "evidence": {"sink_reachable": True},
        },
    }
