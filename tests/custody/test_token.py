"""Facts about keys on a PKCS#11 token; SoftHSM is the token."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.custody.conftest import PIN, Token
from tests.evidence.commands import logged, write_log

import ringfence
from ringfence.custody.opening import open_ed25519, open_key, open_p256
from ringfence.errors import UsageError
from ringfence.evidence.note import NoteKey, open_note, sign_note
from ringfence.export.package_key import PackageKey
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger


def evidence(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `ringfence evidence` with the PIN in a variable."""
    command = [sys.executable, "-m", "ringfence.cli.main", "evidence", *arguments]
    path = str(Path(ringfence.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": path, "HSM_PIN": PIN}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_tokens_signature_is_plain_ed25519(token: Token) -> None:
    """A note that the token signed opens under its public key, and the key is found by id as well."""
    signer = open_ed25519(token.uri, secret=PIN.encode())
    key = NoteKey("example.com/log", signer.public_key())
    text = b"example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert open_note(sign_note(text, name=key.name, key=signer), key=key).text == text
    by_id = open_ed25519(token.uri.replace("object=log", "id=%01"), secret=PIN.encode())
    assert by_id.public_key() == signer.public_key()


def test_a_ledger_rotates_from_one_token_key_to_another(token: Token, tmp_path: Path) -> None:
    """Both keys of the token sign during the rotation, and the published note verifies."""
    first = open_ed25519(token.uri, secret=PIN.encode())
    second = open_ed25519(token.uri.replace("=log", "=next"), secret=PIN.encode())
    ledger = Ledger.create(
        tmp_path / "l", origin="example.com/log", settings=Settings(keys=(first,))
    )
    published = ledger.rotate(second)
    ledger.close()
    for one in (first, second):
        open_note(published.note, key=NoteKey("example.com/log", one.public_key()))


def test_commands_sign_by_the_token(token: Token, tmp_path: Path) -> None:
    """`init`, `append` and `seal` take the URI, what they sign verifies, and no output shows the PIN."""
    write_log(tmp_path, [logged(1, {})])
    pin = ("--passphrase-env", "HSM_PIN")
    signing = ("--key", token.uri, *pin)
    made = evidence(tmp_path, "init", "ledger", "--origin", "e.com/l", *signing, "--format", "json")
    assert made.returncode == 0, made.stderr
    (tmp_path / "log.vkey").write_text(json.loads(made.stdout)["key"])
    done = evidence(tmp_path, "append", "ledger", *signing, "--log", "log.jsonl")
    assert done.returncode == 0, done.stderr
    checked = evidence(tmp_path, "fsck", "ledger", "--key", "log.vkey")
    assert checked.returncode == 0, checked.stderr
    sealed = evidence(tmp_path, "seal", "log.jsonl", "-o", "p", "--origin", "e.com/l", *signing)
    assert sealed.returncode == 0, sealed.stderr
    verified = evidence(tmp_path, "verify", "p", "--key", "log.vkey", "--origin", "e.com/l")
    assert verified.returncode == 0, verified.stderr
    for run in (made, done, checked, sealed, verified):
        assert PIN not in run.stdout + run.stderr
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PIN.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("change", "pin", "said"),
    [
        (("=log", "=gone"), PIN, "no such key for ed25519"),
        (("=ours", "=strange"), PIN, "NoSuchToken"),
        (("", ""), "wrong-canary", "PinIncorrect"),
        (("libsofthsm2.so", "absent.so"), PIN, "PKCS11Error"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    token: Token, change: tuple[str, str], pin: str, said: str
) -> None:
    """A wrong label, PIN or module is told by its kind, and the message shows neither URI nor PIN."""
    with pytest.raises(UsageError) as caught:
        open_ed25519(token.uri.replace(*change), secret=pin.encode())
    text = f"{caught.value.message} {caught.value.help}"
    assert said in text
    assert pin not in text
    assert "pkcs11:" not in text


def test_another_kind_of_key_is_refused(token: Token) -> None:
    """A P-256 key of the token is no key for checkpoints, and one on P-384 is none for anything."""
    with pytest.raises(UsageError, match="no such key for ed25519"):
        open_ed25519(token.p256, secret=PIN.encode())
    with pytest.raises(UsageError, match="no such key for ecdsa-p256 or ed25519"):
        open_key(token.weak, secret=PIN.encode())


def test_a_label_of_two_keys_leads_to_the_one_of_the_algorithm(token: Token) -> None:
    """Where both kinds have the label, the algorithm decides; where either would do, nothing is signed."""
    edwards = open_ed25519(token.both, secret=PIN.encode()).public_key()
    p256 = open_p256(token.both, secret=PIN.encode()).public_key()
    assert isinstance(edwards, Ed25519PublicKey)
    assert isinstance(p256, ec.EllipticCurvePublicKey)
    with pytest.raises(UsageError, match="several such keys"):
        open_key(token.both, secret=PIN.encode())


def test_a_tokens_ecdsa_is_in_der_with_a_low_s(token: Token) -> None:
    """SoftHSM gives r and s as they fall; what is passed on is the one form that packages take."""
    signer = open_p256(token.p256, secret=PIN.encode())
    key = PackageKey(signer.public_key())
    made = {signer.sign(b"content") for _ in range(8)}
    assert len(made) == 8
    assert all(key.verifies(one, b"content") for one in made)


def test_the_signer_shows_no_pin(token: Token) -> None:
    """Its representation, which a traceback may print, holds nothing."""
    assert PIN not in repr(open_ed25519(token.uri, secret=PIN.encode()))
    assert PIN not in repr(open_key(token.p256, secret=PIN.encode()))
