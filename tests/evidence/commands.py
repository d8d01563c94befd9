"""`ringfence evidence` in a process of its own, and logs for it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.evidence.samples import decision

import ringfence

__all__ = ["evidence", "logged", "write_log"]


def evidence(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `ringfence evidence`."""
    command = [sys.executable, "-m", "ringfence.cli.main", "evidence", *arguments]
    env = {**os.environ, "PYTHONPATH": str(Path(ringfence.__file__).parents[1])}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def logged(number: int, facts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an event as OPA logs it; `tenant` and `trace_id` are the request's."""
    asked = {name: changes.pop(name) for name in ("tenant", "trace_id") if name in changes}
    return {
        "decision_id": f"d-{number}",
        "timestamp": "2026-11-02T20:56:51.6Z",
        "path": "ringfence/main/decision",
        "bundles": {"runtime": {"revision": "runtime/prod@sha256:8f16"}},
        "labels": {"id": "sidecar-1", "version": "1.22.0"},
        "input": {
            "point": "runner.start",
            "tenant": "acme",
            "trace_id": f"t-{number}",
            "facts": facts,
            **asked,
        },
        "result": decision(),
        **changes,
    }


def write_log(folder: Path, events: list[dict[str, Any]]) -> None:
    """Write events as JSON lines."""
    (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
