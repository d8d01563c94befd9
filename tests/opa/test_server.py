"""A real OPA as a child process: it starts, answers, and leaves nothing behind."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ringfence.errors import OpaError
from ringfence.opa import OpaServer

from .conftest import DECISION

_PARENT = """
import sys, time
from pathlib import Path
from ringfence.opa import OpaServer
with OpaServer(paths=[Path(sys.argv[1])]) as server:
    print(server.pid, flush=True)
    time.sleep(600)
"""


def gone(pid: int) -> bool:
    """Tell whether a process has ended, waiting for it as long as it takes."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 30)[0])
    finally:
        os.close(handle)


@pytest.mark.parametrize("unix", [True, False])
def test_it_serves_what_it_was_given(bundle: Path, unix: bool) -> None:
    """The server answers on its socket or port while the block lasts, and is gone after it."""
    with OpaServer(paths=[bundle], unix=unix) as server, server.session() as session:
        answer = session.post(server.url + DECISION, json={"input": {"tenant": "acme"}}, timeout=10)
        assert answer.json()["result"]["tenant"] == "acme"
        assert (server.socket_path is None) is not unix
        pid = server.pid
    assert gone(pid)
    with pytest.raises(OpaError, match="not running"):
        _ = server.pid


def test_it_is_killed_with_the_block(bundle: Path) -> None:
    """An exception in the block ends the server and its directory too."""
    server = OpaServer(paths=[bundle])
    with pytest.raises(KeyError) as caught, server:
        raise KeyError(server.pid)
    assert gone(caught.value.args[0])
    assert server.socket_path is not None
    assert not server.socket_path.parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_it_does_not_outlive_a_killed_parent(bundle: Path) -> None:
    """Where the harness is killed, the kernel kills the server."""
    command = [sys.executable, "-c", _PARENT, str(bundle)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    assert gone(pid)


def test_it_outlives_the_thread_that_started_it(bundle: Path) -> None:
    """A server that a thread started goes on when that thread ends."""
    server = OpaServer(paths=[bundle])
    thread = threading.Thread(target=server.__enter__)
    thread.start()
    thread.join()
    try:
        with server.session() as session:
            assert session.get(server.url + "/health", timeout=10).status_code == 200
    finally:
        server.__exit__(None, None, None)


def test_a_policy_that_does_not_compile_is_told(tmp_path: Path) -> None:
    """What OPA says of a broken policy is in the error."""
    (tmp_path / "broken.rego").write_text("package broken\n\nallow if {")
    with pytest.raises(OpaError, match="did not start"), OpaServer(paths=[tmp_path]):
        raise AssertionError("it started")


def test_a_program_that_ends_at_once_is_told(tmp_path: Path, bundle: Path) -> None:
    """A program that is no server is an error, not a wait."""
    program = tmp_path / "opa"
    program.write_text("#!/bin/sh\necho 'no server today' >&2\nexit 3\n")
    program.chmod(0o755)
    with (
        pytest.raises(OpaError, match="no server today"),
        OpaServer(paths=[bundle], opa=program),
    ):
        raise AssertionError("it started")


def test_a_long_temporary_directory_is_no_obstacle(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket's path fits its 108 bytes, however long the temporary directory's is."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with OpaServer(paths=[bundle]) as server:
        assert server.socket_path is not None
        assert len(os.fsencode(server.socket_path)) < 108
    assert list(deep.iterdir()) == []


def test_the_environment_is_not_handed_down(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets in our environment are not readable through OPA."""
    monkeypatch.setenv("A_SECRET", "hunter2")
    (bundle / "env.rego").write_text("package env\n\nall := opa.runtime().env\n")
    with OpaServer(paths=[bundle]) as server, server.session() as session:
        text = session.get(server.url + "/v1/data/env/all", timeout=10).text
    assert "PATH" in text
    assert "A_SECRET" not in text
