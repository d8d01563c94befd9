"""Facts about a package's statement, as libraries of others see it.

Each is installed from its registry into an environment of its own, since their dependencies do not agree
with ours. Where a registry serves it not, or the tool that installs it is missing, the test is skipped
and says which.
"""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.export.samples import PACKAGE, STRANGER, Site, payload

from ringfence.export import layout
from ringfence.keys import PrivateKey, generate, public_pem

HERE = Path(__file__).parent
NODE, NPM = shutil.which("node"), shutil.which("npm")
Files = Mapping[str, bytes]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def install(command: list[str], folder: Path, *, what: str) -> None:
    """Run an installer; skip where its registry does not serve what is asked for."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        pytest.skip(f"{what} cannot be installed: {(done.stderr or done.stdout).strip()[-200:]}")


@pytest.fixture(scope="module")
def sigstore(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install @sigstore/verify, and return a function that verifies an envelope with it."""
    if NODE is None or NPM is None:
        pytest.skip("Node is not installed, so that @sigstore/verify cannot be had")
    folder = tmp_path_factory.mktemp("sigstore")
    packages = ["@sigstore/verify@4.1.3", "@sigstore/bundle@5"]
    install(
        [NPM, "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages],
        folder,
        what="@sigstore/verify",
    )
    shutil.copy(HERE / "sigstore" / "verify.cjs", folder)

    def run(envelope: bytes, *, key: PrivateKey = PACKAGE) -> "subprocess.CompletedProcess[str]":
        (folder / "envelope").write_bytes(envelope)
        (folder / "key.pem").write_text(public_pem(key.public_key()))
        command = [str(NODE), "verify.cjs", "envelope", "key.pem"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def in_toto(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install in-toto-attestation, and return a function that reads a Statement with it."""
    folder = tmp_path_factory.mktemp("in-toto")
    install([sys.executable, "-m", "venv", "env"], folder, what="an environment for Python")
    python = str(folder / "env" / "bin" / "python")
    wanted = ["in-toto-attestation==0.9.3"]
    install(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
        folder,
        what="in-toto-attestation",
    )

    def run(statement: bytes) -> "subprocess.CompletedProcess[str]":
        (folder / "statement").write_bytes(statement)
        command = [python, str(HERE / "in_toto.py"), "statement"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


def _altered(envelope: bytes, **changes: Any) -> bytes:
    return json.dumps(json.loads(envelope) | changes).encode()


def _other_payload(files: Files) -> bytes:
    other = payload(files).replace(b'"acme"', b'"acne"')
    return _altered(files[layout.STATEMENT], payload=base64.b64encode(other).decode())


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_sigstore_verifies_the_envelope(site: Site, sigstore: Run, kind: str) -> None:
    """Sigstore's own DSSE verifier accepts it under either kind of key."""
    key = generate("ed25519" if kind == "ed25519" else "es256")
    files = site.files(key=key)
    done = sigstore(files[layout.STATEMENT], key=key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"verified {len(files) - len(layout.STATEMENT_FILES)} files\n"


def test_sigstore_refuses_what_is_altered(files: dict[str, bytes], sigstore: Run) -> None:
    """Another payload, another type and another key are refused for the signature."""
    envelope = files[layout.STATEMENT]
    for refused in (
        sigstore(_other_payload(files)),
        sigstore(_altered(envelope, payloadType="application/json")),
        sigstore(envelope, key=STRANGER),
    ):
        assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "SIGNATURE_ERROR\n")


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_securesystemslib_verifies_and_refuses(site: Site, kind: str) -> None:
    """An independent DSSE implementation accepts the envelope, and refuses another payload or key."""
    dsse = pytest.importorskip("securesystemslib.dsse")
    signer = pytest.importorskip("securesystemslib.signer")
    errors = pytest.importorskip("securesystemslib.exceptions")
    key = generate("ed25519" if kind == "ed25519" else "es256")
    files = site.files(key=key)
    envelope = dsse.Envelope.from_dict(json.loads(files[layout.STATEMENT]))
    (keyid,) = envelope.signatures
    trusted = signer.SSlibKey.from_crypto(key.public_key(), keyid=keyid)
    assert list(envelope.verify([trusted], 1)) == [keyid]
    assert envelope.pae() == files[layout.STATEMENT_BODY]
    other = dsse.Envelope.from_dict(json.loads(_other_payload(files)))
    stranger = signer.SSlibKey.from_crypto(STRANGER.public_key(), keyid=keyid)
    for refused, by in ((other, trusted), (envelope, stranger)):
        with pytest.raises(errors.VerificationError):
            refused.verify([by], 1)


def test_in_toto_reads_the_statement(files: dict[str, bytes], in_toto: Run) -> None:
    """The project's own library finds a valid Statement v1 of our predicate type over every file."""
    done = in_toto(payload(files))
    assert (done.returncode, done.stderr) == (0, "")
    named = len(files) - len(layout.STATEMENT_FILES)
    assert done.stdout == f"{layout.PREDICATE_TYPE} {named}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"in-toto.io/Statement/v1", b"in-toto.io/Statement/v0"),
        (b"ringfence:evidence-export/v1", b""),
        (b"}", b""),
    ],
)
def test_in_toto_refuses_what_is_no_statement(
    files: dict[str, bytes], in_toto: Run, old: bytes, new: bytes
) -> None:
    """Another type, no predicate type, and broken JSON are refused."""
    assert in_toto(payload(files).replace(old, new)).returncode == 1
