"""Build signed bundles, serve them on loopback, and receive decision logs: what serving tests share."""

import gzip
import http.server
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from ringfence.cli.build import command as build
from ringfence.cli.keygen import command as keygen

SCAFFOLD = Path(__file__).resolve().parents[2] / "compiler" / "ringfence" / "scaffold"


@dataclass
class Site:
    """A folder served on a free loopback port, and the decision-log events uploaded to it."""

    folder: Path
    url: str = ""
    uploads: list[Any] = field(default_factory=list)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serve a directory, and keep what is posted."""

    def __init__(self, uploads: list[Any], *arguments: Any, **named: Any) -> None:
        self._uploads = uploads
        super().__init__(*arguments, **named)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self._uploads.extend(json.loads(gzip.decompress(raw)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Serve a folder until the block ends."""
    site = Site(folder)
    folder.mkdir()
    handler = partial(_Handler, site.uploads, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def build_bundles(folder: Path, url: str, tmp_path: Path, *extra: str) -> Path:
    """Build `tmp_path/policies`, the scaffold unless it is there, and return the OPA configuration."""
    keys, policies = tmp_path / "keys", tmp_path / "policies"
    if not policies.exists():
        shutil.copytree(SCAFFOLD, policies)
    if not keys.exists():
        made = CliRunner().invoke(keygen, ["--type", "es256", "-o", str(keys), "--name", "prod"])
        assert made.exit_code == 0, made.output
    arguments = [
        str(policies), "-o", str(folder), "--release", "runtime", "--env", "prod",
        "--signing-key", str(keys / "prod.key.pem"), "--service-url", url, "--logs-url", url,
        "--slices", *extra,
    ]  # fmt: skip
    result = CliRunner().invoke(build, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return folder / "opa.yaml"


def request_to_start(**facts: object) -> dict[str, object]:
    """Return a request that the scaffold allows, with some facts replaced."""
    base = {
        "request": {"by": "user:maria@example.com"},
        "runner": {"class": "container", "size": "medium", "profile": "standard", "network": "private_vpc"},
        "workload": {"id": "daily", "is_new": False, "processes_events": False},
        "pipeline": {"id": "daily"},
        "data": {"classification": "internal"},
        "run": {"concurrency": 1, "estimate": 60, "timeout": 600},
        "usage": {"running": 1, "class_hours_month": 60},
        "tags": {"class": "container", "size": "medium", "tenant": "example", "pipeline": "daily"},
        "endpoints": [], "secrets": [], "secrets_inline": 0, "images": [], "drivers": [],
        "logging": {"access_enabled": True, "access_sink": "s3://logs"},
        "retries": {"max_attempts": 1},
        "evidence": {"sink_reachable": True},
    }  # fmt: skip
    return {"point": "runner.start", "tenant": "example", "facts": {**base, **facts}}


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something holds, a minute at most."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)
