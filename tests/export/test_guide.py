"""Facts about VERIFY.md: its commands, as they stand, verify a package without ringfence, and refuse others."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.export.samples import LOG, NEXT_LOG, PACKAGE, STRANGER, WITNESS, Site, log_key

from ringfence.export import layout
from ringfence.export.folder import write_folder
from ringfence.keys import PrivateKey, generate, public_pem

OPENSSL, GO, BASH = (shutil.which(name) for name in ("openssl", "go", "bash"))
GO_MODULE = Path(__file__).parents[1] / "evidence" / "go_verifier"

needs_openssl = pytest.mark.skipif(None in (OPENSSL, BASH), reason="openssl or bash is missing")

Program = Callable[[Path, str, bytes], "subprocess.CompletedProcess[str]"]
Files = Mapping[str, bytes]


def _pem(key: PrivateKey) -> bytes:
    return public_pem(key.public_key()).encode()


def _blocks(files: Files, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", files[layout.GUIDE].decode(), re.DOTALL)


def _shell(
    commands: list[str], folder: Path, *, package: PrivateKey = PACKAGE, log: PrivateKey = NEXT_LOG
) -> list[int]:
    """Run each block of commands as a careful reader's shell would; return the exit codes."""
    trusted = folder.parent / "trusted"
    trusted.mkdir(exist_ok=True)
    for name, key in {"package": package, "log": log, "witness": WITNESS}.items():
        (trusted / name).write_bytes(_pem(key))
    env = {"PACKAGE": "package", "LOG": "log", "WITNESS": "witness"}
    env = {name: str(trusted / file) for name, file in env.items()}
    env |= {"PATH": os.environ["PATH"], "N": "1"}
    return [
        subprocess.run(
            [str(BASH), "-euo", "pipefail", "-c", block],
            cwd=folder,
            env=env,
            capture_output=True,
            check=False,
        ).returncode
        for block in commands
    ]


def _all_blocks(files: Files) -> list[str]:
    files_, log, records = _blocks(files, "sh")
    (witness,) = _blocks(files, "sh witness")
    return [files_, log, witness, records]


@needs_openssl
@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_the_shells_commands_verify(site: Site, tmp_path: Path, kind: str) -> None:
    """openssl, sha256sum and Python accept the files, checkpoint, cosignature and records."""
    key = generate("ed25519" if kind == "ed25519" else "es256")
    files = site.files(key=key)
    write_folder(tmp_path / "p", files)
    assert _shell(_all_blocks(files), tmp_path / "p", package=key) == [0, 0, 0, 0]


def _altered(name: str, old: bytes, new: bytes) -> Callable[[Files], dict[str, bytes]]:
    def change(files: Files) -> dict[str, bytes]:
        assert old in files[name]
        return {**files, name: files[name].replace(old, new, 1)}

    return change


def _without(name: str) -> Callable[[Files], dict[str, bytes]]:
    return lambda files: {one: content for one, content in files.items() if one != name}


TAMPERED: dict[str, tuple[Callable[[Files], dict[str, bytes]], list[int]]] = {
    "record": (_altered(layout.RECORDS, b'"block"', b'"allow"'), [0, 3]),
    "proof": (_altered(layout.PROOFS, b'"path":["', b'"path":["AA'), [0, 3]),
    "record dropped": (_altered(layout.RECORDS, b'{"body"', b'\n{"body"'), [0, 3]),
    "checkpoint": (_altered(layout.CHECKPOINT, b"\n24\n", b"\n25\n"), [0, 1]),
    "checkpoint's body": (_altered(layout.CHECKPOINT_BODY, b"\n24\n", b"\n25\n"), [0, 1, 2, 3]),
    "cosignature": (_altered("witnesses/1.body", b"time 17", b"time 18"), [0, 2]),
    "guide": (_altered(layout.GUIDE, b"openssl", b"true"), [0]),
    "sums": (_altered(layout.SUMS, b"VERIFY.md", b"summary.md"), [0]),
    "statement": (_altered(layout.STATEMENT_BODY, b"acme", b"acne"), [0]),
    "missing": (_without(layout.SUMMARY_MARKDOWN), [0]),
    "extra": (lambda files: {**files, "extra": b""}, [0]),
}


@needs_openssl
@pytest.mark.parametrize("attack", TAMPERED)
def test_the_shells_commands_refuse(files: Files, tmp_path: Path, attack: str) -> None:
    """What is altered makes the commands fail that read it; the reader's own copy of them is sound."""
    change, failing = TAMPERED[attack]
    write_folder(tmp_path / "p", change(files))
    found = _shell(_all_blocks(files), tmp_path / "p")
    assert [number for number, code in enumerate(found) if code] == failing


@needs_openssl
def test_the_shells_commands_refuse_other_keys(folder: Path, files: Files) -> None:
    """Under a stranger's key neither statement nor checkpoint verifies."""
    assert _shell(_all_blocks(files), folder, package=STRANGER, log=STRANGER)[:2] != [0, 0]
    assert _shell(_all_blocks(files), folder, package=STRANGER)[:2] == [1, 0]
    assert _shell(_all_blocks(files), folder, log=STRANGER)[:2] == [0, 1]


@pytest.fixture(scope="module")
def go_program(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Build the guide's Go program as it stands."""
    if GO is None:
        pytest.skip("Go is not installed")
    source = tmp_path_factory.mktemp("go")
    (source / "main.go").write_text(_blocks(files, "go")[0])
    for name in ("go.mod", "go.sum"):
        shutil.copy(GO_MODULE / name, source / name)
    subprocess.run([GO, "build", "-o", source / "verify", "."], cwd=source, check=True, timeout=300)

    def run(folder: Path, key: str, pem: bytes) -> "subprocess.CompletedProcess[str]":
        (source / "package.pem").write_bytes(pem)
        command = [str(source / "verify"), str(folder), key, str(source / "package.pem")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.fixture(scope="module")
def python_program(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Write the guide's Python program as it stands; it is run without ringfence on its path."""
    pytest.importorskip("securesystemslib")
    source = tmp_path_factory.mktemp("python")
    (source / "verify.py").write_text(_blocks(files, "python")[0])

    def run(folder: Path, key: str, pem: bytes) -> "subprocess.CompletedProcess[str]":
        private = NEXT_LOG if key == log_key(NEXT_LOG).vkey else STRANGER
        (source / "log.pem").write_bytes(_pem(private))
        (source / "package.pem").write_bytes(pem)
        paths = (source / "verify.py", folder, source / "log.pem", source / "package.pem")
        command = [sys.executable, "-I", *map(str, paths)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.fixture(params=["go", "python"])
def program(request: pytest.FixtureRequest) -> Program:
    """Return either program."""
    found: Program = request.getfixturevalue(f"{request.param}_program")
    return found


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_the_programs_verify(site: Site, tmp_path: Path, program: Program, kind: str) -> None:
    """Go's sumdb, and securesystemslib with cryptography, accept statement, checkpoint and records."""
    key = generate("ed25519" if kind == "ed25519" else "es256")
    write_folder(tmp_path / "p", site.files(key=key))
    done = program(tmp_path / "p", log_key(NEXT_LOG).vkey, _pem(key))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("verified 17 records under 24 ")


@pytest.mark.parametrize("attack", [one for one in TAMPERED if one != "statement"])
def test_the_programs_refuse(files: Files, tmp_path: Path, program: Program, attack: str) -> None:
    """Every altered, missing or extra file that they read is refused."""
    write_folder(tmp_path / "p", TAMPERED[attack][0](files))
    done = program(tmp_path / "p", log_key(NEXT_LOG).vkey, _pem(PACKAGE))
    assert (done.returncode, done.stdout) == (1, "")


def test_the_programs_refuse_other_keys(folder: Path, program: Program) -> None:
    """A stranger's key for either the log or the package verifies nothing."""
    assert program(folder, log_key(STRANGER).vkey, _pem(PACKAGE)).returncode == 1
    assert program(folder, log_key(NEXT_LOG).vkey, _pem(LOG)).returncode == 1
