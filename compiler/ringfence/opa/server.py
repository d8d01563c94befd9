"""Run the real OPA as a child process, on a Unix socket or a free loopback port."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import requests

from ringfence.errors import OpaError
from ringfence.opa import leash
from ringfence.opa.find import find_opa
from ringfence.opa.transport import unix_session

__all__ = ["OpaServer"]

_STARTS_WITHIN = 60.0


class OpaServer:
    """An `opa run --server` that lives as long as the `with` block.

    `paths` are bundles, directories or files to load; `bundle` loads them as bundles.
    `config` is a configuration file. With `unix`, the server listens on a Unix socket, else on a
    free loopback port: see `socket_path` and `port`. It must be ready in `starts_within` seconds, else
    entering raises OpaError with OPA's last error.
    """

    def __init__(
        self,
        *,
        paths: Sequence[Path] = (),
        bundle: bool = False,
        config: Path | None = None,
        unix: bool = True,
        arguments: Sequence[str] = (),
        output: Path | None = None,
        opa: Path | None = None,
        starts_within: float = _STARTS_WITHIN,
    ) -> None:
        self._opa = opa or find_opa()
        self._folder = _short_folder()
        self.socket_path = self._folder / "opa.sock" if unix else None
        self.port = 0 if unix else _free_port()
        self._arguments = [
            *(["--bundle"] if bundle else []),
            *(["--config-file", str(config)] if config else []),
            *arguments,
            *map(str, paths),
        ]
        self._output = output
        self._starts_within = starts_within
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the base URL; over a Unix socket it works with `session` only."""
        return "http://localhost" if self.socket_path else f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the process id of the running server."""
        if self._process is None:
            raise OpaError("OPA is not running")
        return self._process.pid

    def session(self) -> requests.Session:
        """Return a new HTTP session that reaches this server and nothing else."""
        if self.socket_path:
            return unix_session(self.socket_path)
        session = requests.Session()
        session.trust_env = False
        return session

    def errors(self) -> str:
        """Return what OPA has written to its standard error, and of a policy that does not load."""
        written = (self._folder / "stdout") if self._output is None else None
        printed = written.read_text(errors="replace") if written else ""
        return printed + (self._folder / "stderr").read_text(errors="replace")

    def __enter__(self) -> "OpaServer":
        address = f"unix://{self.socket_path}" if self.socket_path else f"127.0.0.1:{self.port}"
        command = [*_leash(), str(self._opa), "run", "--server", "--addr", address]
        command += self._arguments
        with (
            (self._output or self._folder / "stdout").open("ab") as out,
            (self._folder / "stderr").open("wb") as err,
        ):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")},
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + self._starts_within
        with self.session() as session:
            while time.monotonic() < deadline:
                if self._process is None or self._process.poll() is not None:
                    lines = self.errors().strip().splitlines() or ["no output"]
                    raise OpaError(f"OPA did not start: {lines[-1]}", help="see the message above")
                with contextlib.suppress(requests.RequestException):
                    if session.get(f"{self.url}/health?bundles", timeout=5).status_code == 200:
                        return
                time.sleep(0.02)
        lines = [line for line in self.errors().splitlines() if '"level":"error"' in line]
        last = lines[-1][:500] if lines else "it reported no error"
        raise OpaError(f"OPA was not ready within {self._starts_within:.0f} s: {last}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _leash() -> list[str]:
    """Return what to put before a command so that it does not outlive us, where that is possible."""
    if sys.platform != "linux" or not sys.executable:
        return []
    if threading.current_thread() is not threading.main_thread():
        return []  # the kernel would end the program with this thread
    return [sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid())]


def _short_folder() -> Path:
    """Return a new directory whose socket path fits `sun_path`: 108 bytes with the final zero."""
    folder = Path(tempfile.mkdtemp(prefix="rf-"))
    if len(os.fsencode(folder / "opa.sock")) < 104:  # macOS has 104
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="rf-", dir="/tmp"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
