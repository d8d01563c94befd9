"""The real OPA as a sidecar, and a server that hands out bundles."""

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from ringfence.opa import find_opa
from ringfence.opa.transport import unix_session

WITHIN = 60.0


class BundleServer:
    """An HTTP server on loopback that serves what `content` holds, by path."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = outer.content.get(self.path.lstrip("/"))
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Type", "application/vnd.openpolicyagent.bundles")
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Sidecar:
    """A running OPA with a configuration, whether or not its bundles load."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rf-")
        folder = Path(self._folder.name)
        (folder / "config.json").write_text(json.dumps(config))
        command = [str(find_opa()), "run", "--server", "--skip-version-check", "--log-level=error"]
        command += ["--config-file", "config.json", "--addr", f"unix://{folder / 'opa.sock'}"]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        self._session = unix_session(folder / "opa.sock")
        self.log = folder / "log"

    def ask(self, path: str) -> Any:
        """Return what OPA says of a document, or None."""
        answer = self._session.get(f"http://localhost/v1/data/{path}", timeout=10)
        return answer.json().get("result")

    def until(
        self, holds: Callable[[dict[str, Any]], bool], *, bundle: str = "shop"
    ) -> dict[str, Any]:
        """Return the bundle's status as soon as it is so."""
        status: dict[str, Any] = {}
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()
            try:
                answer = self._session.get("http://localhost/v1/status", timeout=5).json()
                status = answer.get("result", {}).get("bundles", {}).get(bundle, {})
                if holds(status):
                    return status
            except requests.ConnectionError:
                pass
            time.sleep(0.02)
        raise AssertionError(status)

    def activated(self, revision: str) -> dict[str, Any]:
        """Wait until this revision is active."""
        return self.until(lambda status: status.get("active_revision") == revision)

    def refused(self) -> str:
        """Wait until the bundle is refused and return OPA's reason."""
        return str(self.until(lambda status: bool(status.get("message")))["message"])

    def wait(self) -> str:
        """Wait until OPA has ended by itself, in failure, and return what it wrote."""
        assert self._process.wait(timeout=WITHIN) != 0
        return self.log.read_text()

    def close(self) -> None:
        """Stop."""
        self._session.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        self._folder.cleanup()
