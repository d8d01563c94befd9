"""What the parts of the demo share: commands that are shown, and a site for bundles and logs."""

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["Site", "ringfence", "say", "short", "wait"]


def say(text: str) -> None:
    """Print the title of a step."""
    print(f"\n== {text}", flush=True)


def ringfence(*arguments: object, ok: Sequence[int] = (0,)) -> str:
    """Run a command, show it with what it printed, and return that."""
    command = [sys.executable, "-m", "ringfence.cli.main", *map(str, arguments)]
    print("$ ringfence " + " ".join(short(str(a)) for a in arguments), flush=True)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(result.stdout)
    sys.stderr.write(result.stderr)
    if result.returncode not in ok:
        raise SystemExit(f"`ringfence {arguments[0]}` left with {result.returncode}")
    return result.stdout


def short(argument: str) -> str:
    """Return a path as seen from here."""
    path = Path(argument)
    return os.path.relpath(path) if path.is_absolute() else argument


def wait(done: Callable[[], bool], *, what: str) -> None:
    """Wait a minute at most."""
    deadline = time.monotonic() + 60
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not arrive within a minute")
        time.sleep(0.1)


class Site:
    """Serve bundles and receive decision logs, on a free loopback port."""

    def __init__(self, work: Path) -> None:
        self.events: list[dict[str, Any]] = []
        handler = partial(_Handler, self.events, directory=str(work))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Site":
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
