"""Facts about `ringfence witness`."""

import signal
import subprocess
import sys
from pathlib import Path

import requests
from tests.ledger.samples import FIRST, ORIGIN, key_of

from ringfence.cli.witness import _StoppedError
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.note import sign_note
from ringfence.keys import generate, write_private
from ringfence.ledger.cosignature import WitnessKey, read_cosignatures
from ringfence.ledger.submission import Submission

COMMAND = [sys.executable, "-m", "ringfence.cli.main", "witness"]


def _arguments(folder: Path) -> list[str]:
    key, log = folder / "w.key.pem", folder / "log.vkey"
    if not key.exists():
        write_private(key, generate("ed25519"))
        log.write_text(f"{key_of(FIRST).vkey}\n")
    return ["--state", str(folder / "state"), "--key", str(key), "--name", "witness.example/w1",
            "--log", str(log)]  # fmt: skip


def _served(folder: Path, *, old: int, size: int) -> tuple[int, str, bytes]:
    """Run the command for one submission; return its status, the witness's key, and the answer."""
    root = bytes([size]) * 32
    text = Checkpoint(origin=ORIGIN, size=size, root=root).text()
    note = sign_note(text, name=ORIGIN, key=FIRST)
    with subprocess.Popen(
        [*COMMAND, *_arguments(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        vkey, url = process.stdout.readline().strip(), process.stdout.readline().strip()
        body = Submission(old=old, proof=(), note=note).encode()
        answer = requests.post(f"{url}/add-checkpoint", data=body, timeout=10)
        process.send_signal(signal.SIGTERM)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    if answer.status_code == 200:
        found = read_cosignatures(note + answer.content, keys=[WitnessKey.of_vkey(vkey)])
        assert len(found) == 1
    return answer.status_code, vkey, answer.content


def test_the_command_cosigns_and_remembers(tmp_path: Path) -> None:
    """It prints its key and address, cosigns what a log signed, ends on SIGTERM, and remembers."""
    status, vkey, _ = _served(tmp_path, old=0, size=7)
    assert (status, WitnessKey.of_vkey(vkey).name) == (200, "witness.example/w1")
    assert _served(tmp_path, old=0, size=9)[::2] == (409, b"7\n")


def test_stopping_is_no_error_of_a_request() -> None:
    """`socketserver` survives every `Exception`, also one that a signal raises between two requests."""
    assert not issubclass(_StoppedError, Exception)


def test_a_file_without_a_verifier_key_is_a_mistake(tmp_path: Path) -> None:
    """The command says which file, and does not start."""
    arguments = _arguments(tmp_path)
    (tmp_path / "log.vkey").write_text("nothing\n")
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "holds no verifier key of a log" in done.stderr
