"""Facts about keys of AWS KMS; the service is moto's, in an environment of its own.

moto is an implementation by others, under Apache-2.0, and no AWS: that AWS answers alike is not shown.
"""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.custody.work import EXAMPLE, Work

from ringfence.custody.opening import open_ed25519, open_key, open_p256
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.keys import PublicKey

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
pytest.importorskip("securesystemslib", reason="securesystemslib is not installed")

WANTED = ("moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5")
SECRET = "aws-secret-canary"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Install moto, serve on loopback at a free port, and return the address."""
    folder = tmp_path_factory.mktemp("moto")
    python = str(folder / "env" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *WANTED]
    for command in ([sys.executable, "-m", "venv", "env"], pip):
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            pytest.skip(f"moto cannot be installed: {(done.stderr or done.stdout).strip()[-200:]}")
    server = Path(__file__).with_name("moto_server.py")
    command = [python, str(server), "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = (re.search(r"Running on (http://\S+)", line) for line in process.stderr)
        yield next(found[1] for found in lines if found)
        process.kill()


@pytest.fixture
def aws(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the service and credentials in the environment, as AWS's own tools read them."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", service)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _made(spec: str, *, usage: str = "SIGN_VERIFY") -> tuple[str, str]:
    """Make a key; return its id and its ARN."""
    found = boto3.client("kms").create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    return found["KeyId"], found["Arn"]


def _public(key: str) -> PublicKey:
    """Ask for the public key as any other client does."""
    found = load_der_public_key(boto3.client("kms").get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(found, ec.EllipticCurvePublicKey)
    return found


@pytest.fixture
def work(aws: None, tmp_path: Path) -> Work:
    """Return a folder to work in."""
    return Work(folder=tmp_path, secrets=(SECRET,))


def test_a_package_is_signed_by_kms(work: Work) -> None:
    """`export` signs by ECDSA in the service, and the package verifies under the key's public half."""
    key, _ = _made("ECC_NIST_P256")
    work.export(f"awskms:{key}", _public(key))


def test_bundles_are_signed_by_kms(work: Work) -> None:
    """`build` signs ES256 in the service, and OPA takes bundle and live bundle."""
    key, _ = _made("ECC_NIST_P256")
    work.build(f"awskms:{key}", _public(key))


def test_a_key_is_named_by_id_alias_or_arn(aws: None) -> None:
    """All three lead to one key."""
    key, arn = _made("ECC_NIST_P256")
    boto3.client("kms").create_alias(AliasName="alias/packages", TargetKeyId=key)
    found = [
        open_key(f"awskms:{one}", secret=None).public_key() for one in (key, "alias/packages", arn)
    ]
    assert found == [_public(key)] * 3


@pytest.mark.parametrize("spec", ["ECC_NIST_P384", "ECC_SECG_P256K1", "RSA_2048"])
def test_a_key_of_another_kind_is_refused(aws: None, spec: str) -> None:
    """Only P-256 is taken; secp256k1, which the service signs by the same algorithm's name, is not."""
    key, _ = _made(spec)
    with pytest.raises(UsageError, match="no ECDSA key on P-256") as caught:
        open_p256(f"awskms:{key}", secret=None)
    assert key not in f"{caught.value.message} {caught.value.help}"


def test_what_needs_ed25519_refuses_kms(work: Work) -> None:
    """Checkpoints and tokens are Ed25519, which the library does not sign in the cloud."""
    key, _ = _made("ECC_NIST_P256")
    with pytest.raises(UsageError, match="needs Ed25519"):
        open_ed25519(f"awskms:{key}", secret=None)
    arguments = ("evidence", "init", "ledger", "--origin", "e.com/l", "--key", f"awskms:{key}")
    said = work.refused(*arguments)
    assert "keys of `awskms:` sign by ECDSA" in said
    assert key not in said
    assert not (work.folder / "ledger").exists()


def test_a_key_that_is_gone_is_told_without_its_name(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither error, output nor log shows the key, though the library logs it."""
    key, _ = _made("ECC_NIST_P256")
    client = boto3.client("kms")
    client.create_alias(AliasName="alias/gone-canary", TargetKeyId=key)
    signer = open_p256("awskms:alias/gone-canary", secret=None)
    client.delete_alias(AliasName="alias/gone-canary")
    with pytest.raises(EvidenceError, match="RF999 AWS KMS does not sign") as caught:
        signer.sign(b"content")
    assert "gone-canary" not in str(caught.value)
    absent = "11111111-2222-3333-4444-555555555555"
    build = ("-o", "built", "--release", "runtime", "--env", "prod")
    said = work.refused("build", str(EXAMPLE), *build, "--signing-key", f"awskms:{absent}")
    assert "AWS KMS does not answer: NotFoundException" in said
    assert absent not in said
    assert "gone-canary" not in caplog.text


def test_a_signature_by_another_key_is_not_passed_on(aws: None) -> None:
    """Where an alias has moved on since the public key was read, what it signs is refused."""
    first, _ = _made("ECC_NIST_P256")
    second, _ = _made("ECC_NIST_P256")
    client = boto3.client("kms")
    client.create_alias(AliasName="alias/moving", TargetKeyId=first)
    signer = open_p256("awskms:alias/moving", secret=None)
    client.update_alias(AliasName="alias/moving", TargetKeyId=second)
    with pytest.raises(EvidenceError, match="RF999 AWS KMS signed with another key"):
        signer.sign(base64.b64decode("AAAA"))
