"""`ringfence opa`: which program, and with which flags."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.opa.lockdown import SERVER_FLAGS


@pytest.fixture
def opa(tmp_path: Path) -> Path:
    """Return an `opa` that states a version and prints its arguments."""
    path = tmp_path / "opa"
    path.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo "Version: 1.22.0" && exit\nprintf "%s\\n" "$@"\n'
    )
    path.chmod(0o755)
    (tmp_path / "opa.yaml").write_text("{}\n")
    return path


def ringfence(opa: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `ringfence opa` beside the files of the test."""
    return subprocess.run(
        [sys.executable, "-m", "ringfence.cli.main", "opa", *arguments],
        capture_output=True,
        text=True,
        cwd=opa.parent,
        env=os.environ
        | {"RINGFENCE_OPA": str(opa), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )


def test_path_is_that_of_the_opa_in_use(opa: Path) -> None:
    """`path` prints one line for scripts."""
    assert ringfence(opa, "path").stdout == f"{opa}\n"


def test_run_locks_whatever_else_is_said(opa: Path) -> None:
    """The locking flags come last, where OPA takes them over the same flags before."""
    done = ringfence(opa, "run", "--config", "opa.yaml", "--authorization=off", "--addr", ":0")
    words = done.stdout.splitlines()
    assert words[:2] == ["run", "--server"]
    assert tuple(words[-len(SERVER_FLAGS) :]) == SERVER_FLAGS
    assert "--authorization=basic" in SERVER_FLAGS
    assert words[2:5] == ["--authorization=off", "--addr", ":0"]


def test_run_takes_no_end_of_flags(opa: Path) -> None:
    """A `--` that would turn the lock into file names is refused."""
    done = ringfence(opa, "run", "--config", "opa.yaml", "--", "--", "x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: `--` would make files")
