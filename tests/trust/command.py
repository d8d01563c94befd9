"""The command line, run as a user runs it, and keys in files."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

__all__ = ["Done", "pem", "run"]

Done = subprocess.CompletedProcess[str]


def run(*arguments: str, cwd: Path, stdin: str = "") -> Done:
    """Run `ringfence` in a process of its own."""
    source = Path(__file__).parents[2] / "compiler"
    return subprocess.run(
        [sys.executable, "-c", "from ringfence.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        input=stdin,
        env={**os.environ, "PYTHONPATH": str(source)},
        timeout=60,
        check=False,
    )


def pem(key: Any) -> bytes:
    """Return a private key as PEM without a passphrase."""
    raw: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return raw
