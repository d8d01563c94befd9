"""Facts about OSCAL and age, by programs of others; each is installed in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from tests.export.test_outside import install

from ringfence.enterprise.files import OSCAL
from ringfence.export.archive import pack
from ringfence.export.encryption import encrypt

GO = shutil.which("go")
Read = Callable[[bytes], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def trestle(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Install compliance-trestle, and return a function that reads assessment results with it."""
    folder = tmp_path_factory.mktemp("trestle")
    install([sys.executable, "-m", "venv", "env"], folder, what="an environment for Python")
    python = str(folder / "env" / "bin" / "python")
    wanted = ["--quiet", "--disable-pip-version-check", "compliance-trestle==5.2.0"]
    install([python, "-m", "pip", "install", *wanted], folder, what="compliance-trestle")

    def run(content: bytes) -> "subprocess.CompletedProcess[str]":
        (folder / "results.json").write_bytes(content)
        command = [python, str(Path(__file__).parent / "oscal.py"), "results.json"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


def test_trestle_reads_the_assessment(trestle: Read, files: dict[str, bytes]) -> None:
    """The results are valid OSCAL, and each control has its finding."""
    done = trestle(files[OSCAL])
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == [
        "ac-6 satisfied", "sa-2 satisfied", "cm-3 not-satisfied", "au-2 not-satisfied",
    ]  # fmt: skip


@pytest.mark.parametrize("member", ["import-ap", "metadata", "results", "uuid"])
def test_trestle_refuses_what_is_not_oscal(
    trestle: Read, files: dict[str, bytes], member: str
) -> None:
    """Without a member that OSCAL demands it is refused."""
    content = json.loads(files[OSCAL])
    del content["assessment-results"][member]
    assert trestle(json.dumps(content).encode()).returncode != 0


def test_age_itself_opens_the_package(files: dict[str, bytes], tmp_path: Path) -> None:
    """The reference program in Go decrypts it to the very archive, and refuses another key."""
    if GO is None:
        pytest.skip("Go is not installed, so that age cannot be had")
    env = {**os.environ, "GOBIN": str(tmp_path / "bin"), "GOFLAGS": "-mod=mod"}
    built = subprocess.run(
        [GO, "install", "filippo.io/age/cmd/age@v1.2.1"],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if built.returncode:
        pytest.skip(f"age cannot be installed: {built.stderr.strip()[-200:]}")
    made, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    archive = pack(files)
    (tmp_path / "p.tar.age").write_bytes(encrypt(archive, recipients=(str(made.to_public()),)))
    for number, one in enumerate((made, other)):
        (tmp_path / "key").write_text(f"{one}\n")
        done = subprocess.run(
            [tmp_path / "bin" / "age", "--decrypt", "-i", "key", "-o", f"out{number}", "p.tar.age"],
            cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == number
    assert (tmp_path / "out0").read_bytes() == archive
