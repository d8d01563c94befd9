"""Facts about our bytes, as programs that know nothing of ringfence see them."""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.conftest import GoVerify
from tests.evidence.samples import KEY, ORIGIN, STRANGER, event, records

from ringfence.evidence import layout as names
from ringfence.evidence.note import NoteKey, sign_note
from ringfence.evidence.seal import SealResult, seal
from ringfence.evidence.tree import consistency_proof, inclusion_proof, leaf_hash, root_of
from ringfence.keys import public_pem

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


def _openssl(package: Path, trusted: Path, *, body: str, signature: str) -> int:
    assert OPENSSL
    command = [
        OPENSSL, "pkeyutl", "-verify", "-pubin", "-inkey", str(trusted), "-rawin",
        "-in", str(package / body), "-sigfile", str(package / signature),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    """Return the file with the trusted key, from outside the package."""
    path = tmp_path / "trusted.pem"
    path.write_text(public_pem(KEY.public_key()))
    return path


@needs_openssl
@pytest.mark.parametrize("what", ["checkpoint", "statement"])
def test_openssl_verifies_and_refuses(package: Path, trusted: Path, what: str) -> None:
    """With openssl, checkpoint and statement verify; an altered body, signature or key does not."""
    files = {"body": f"{what}.body", "signature": f"{what}.sig"}
    assert _openssl(package, trusted, **files) == 0
    for name in files.values():
        content = (package / name).read_bytes()
        (package / name).write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        assert _openssl(package, trusted, **files) != 0
        (package / name).write_bytes(content)
    trusted.write_text(public_pem(STRANGER.public_key()))
    assert _openssl(package, trusted, **files) != 0


def _commands(package: Path) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", (package / names.GUIDE).read_text(), re.DOTALL)


def _follow(commands: list[str], package: Path, trusted: Path) -> list[int]:
    """Run each block of commands as a careful reader's shell would; return the exit codes."""
    return [
        subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block],
            cwd=package,
            env={"PATH": os.environ["PATH"], "TRUSTED": str(trusted)},
            capture_output=True,
            check=False,
        ).returncode
        for block in commands
    ]


@needs_openssl
def test_the_guides_own_commands_verify_the_package(package: Path, trusted: Path) -> None:
    """What VERIFY.md says works as it stands, without ringfence."""
    assert _follow(_commands(package), package, trusted) == [0, 0, 0]


@needs_openssl
@pytest.mark.parametrize(
    ("name", "failing"),
    [(names.RECORDS, [0, 2]), (names.CHECKPOINT, [0, 1, 2]), (names.SUMS, [0]), (names.GUIDE, [0])],
)
def test_the_guides_own_commands_refuse_an_altered_package(
    package: Path, trusted: Path, name: str, failing: list[int]
) -> None:
    """An altered file makes the commands fail, those that read it among them."""
    commands = _commands(package)  # the reader's own copy is sound
    content = (package / name).read_bytes()
    (package / name).write_bytes(content.replace(b"7", b"8").replace(b"e", b"f", 1))
    results = _follow(commands, package, trusted)
    assert [number for number, code in enumerate(results) if code] == failing


def _proofs(package: Path) -> dict[str, Any]:
    lines = (package / names.RECORDS).read_bytes().splitlines()
    leaves = [leaf_hash(line) for line in lines]

    def encoded(path: list[bytes]) -> list[str]:
        return [base64.b64encode(step).decode() for step in path]

    return {
        "inclusion": [
            {"index": n, "path": encoded(inclusion_proof(leaves, n))} for n in range(len(leaves))
        ],
        "consistency": [
            {
                "first": n,
                "root": base64.b64encode(root_of(leaves[:n])).decode(),
                "path": encoded(consistency_proof(leaves, n)),
            }
            for n in range(1, len(leaves) + 1)
        ],
    }


def test_go_verifies_package_and_proofs(sealed: SealResult, go_verify: GoVerify) -> None:
    """Go's note and tlog open the checkpoint, build the same root, and accept every proof of ours."""
    done = go_verify(sealed.path, vkey=sealed.key, proofs=_proofs(sealed.path))
    assert done.stderr == ""
    assert done.stdout == f"7 {base64.b64encode(sealed.root).decode()}\n"


@pytest.mark.parametrize("size", [1, 2, 3, 8, 33])
def test_go_agrees_at_other_sizes(size: int, tmp_path: Path, go_verify: GoVerify) -> None:
    """One leaf, powers of two and ragged trees give Go's root and proofs too."""
    made = seal(
        records([event(n) for n in range(size)]), out=tmp_path / "p", origin=ORIGIN, key=KEY
    )
    assert go_verify(made.path, vkey=made.key, proofs=_proofs(made.path)).stderr == ""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (names.RECORDS, b'"block"', b'"allow"'),
        (names.CHECKPOINT, b"\n7\n", b"\n8\n"),
        (names.CHECKPOINT, b"platform", b"platfork"),
    ],
)
def test_go_refuses_an_altered_package(
    package: Path, sealed: SealResult, go_verify: GoVerify, name: str, old: bytes, new: bytes
) -> None:
    """Go refuses an altered record, size and origin."""
    content = (package / name).read_bytes()
    assert old in content
    (package / name).write_bytes(content.replace(old, new, 1))
    assert go_verify(package, vkey=sealed.key).returncode == 1


def test_go_refuses_another_key_and_a_wrong_proof(sealed: SealResult, go_verify: GoVerify) -> None:
    """Go refuses the package under a stranger's key, and a proof of ours for another leaf."""
    stranger = NoteKey(ORIGIN, STRANGER.public_key())
    assert go_verify(sealed.path, vkey=stranger.vkey).returncode == 1
    for kind in ("inclusion", "consistency"):
        proofs = _proofs(sealed.path)
        proofs[kind][2]["path"] = proofs[kind][3]["path"]
        assert go_verify(sealed.path, vkey=sealed.key, proofs=proofs).returncode == 1


def test_go_ignores_and_we_ignore_a_second_signer(package: Path, go_verify: GoVerify) -> None:
    """A cosignature of an unknown key changes nothing for Go."""
    text = (package / names.CHECKPOINT_BODY).read_bytes()
    other = sign_note(text, name="witness.example", key=STRANGER).rpartition(b"\n\n")[2]
    with (package / names.CHECKPOINT).open("ab") as file:
        file.write(other)
    assert go_verify(package, vkey=NoteKey(ORIGIN, KEY.public_key()).vkey).returncode == 0


def test_securesystemslib_verifies_and_refuses_the_envelope(sealed: SealResult) -> None:
    """An independent DSSE implementation accepts the envelope, and refuses another payload."""
    dsse = pytest.importorskip("securesystemslib.dsse")
    signer = pytest.importorskip("securesystemslib.signer")
    from securesystemslib.exceptions import VerificationError

    content = json.loads((sealed.path / names.STATEMENT).read_bytes())
    raw = KEY.public_key().public_bytes_raw().hex()
    keyid = content["signatures"][0]["keyid"]
    key = signer.SSlibKey(keyid, "ed25519", "ed25519", {"public": raw})
    envelope = dsse.Envelope.from_dict(content)
    assert list(envelope.verify([key], 1)) == [keyid]
    assert envelope.pae() == (sealed.path / names.STATEMENT_BODY).read_bytes()
    envelope.payload += b" "
    with pytest.raises(VerificationError):
        envelope.verify([key], 1)
