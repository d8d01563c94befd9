"""Facts about keys of Vault's transit engine, on a real server, where one is installed.

`python -m tests.custody.vault_server` builds it; RINGFENCE_VAULT names another, OpenBao's `bao` too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.custody.vault_server import VaultServer, find_vault, started
from tests.custody.work import EXAMPLE, Work

from ringfence.custody.opening import open_ed25519, open_key, open_p256
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind, make_record
from ringfence.evidence.run_signature import sign_run, signer_of_run

pytest.importorskip("hvac", reason="hvac is not installed")
pytest.importorskip("securesystemslib", reason="securesystemslib is not installed")

EDWARDS, P256 = "hv:log-canary/1", "hv:package-canary/1"


@pytest.fixture(scope="module")
def server() -> Iterator[VaultServer]:
    """Start the server, and make keys in its transit engine."""
    program = find_vault()
    if program is None:
        pytest.skip("no Vault in the folder of tools, and RINGFENCE_VAULT names none")
    with started(program) as server:
        for name, kind in (
            ("log-canary", "ed25519"), ("package-canary", "ecdsa-p256"), ("weak", "ecdsa-p384"),
        ):  # fmt: skip
            server.ask(f"transit/keys/{name}", type=kind)
        yield server


@pytest.fixture
def work(server: VaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Return a folder to work in; the environment names the server as Vault's own tools do."""
    monkeypatch.setenv("VAULT_ADDR", server.url)
    monkeypatch.setenv("VAULT_TOKEN", server.token)
    return Work(folder=tmp_path, secrets=(server.token, "log-canary", "package-canary"))


def _edwards() -> Ed25519PublicKey:
    return open_ed25519(EDWARDS, secret=None).public_key()


@pytest.mark.parametrize("uri", [EDWARDS, P256])
def test_a_package_is_signed_by_vault(work: Work, uri: str) -> None:
    """`export` takes a key of either algorithm, and the package verifies under its public key."""
    work.export(uri, open_key(uri, secret=None).public_key())


def test_a_log_is_sealed_and_reconciled_by_vault(work: Work) -> None:
    """Checkpoints of `seal`, `init`, `append` and `reconcile` are Vault's plain Ed25519."""
    work.seal(EDWARDS)
    work.reconcile(EDWARDS)


def test_tokens_and_exceptions_are_signed_by_vault(work: Work) -> None:
    """`approve`, `attest` and `exception approve` sign what counts under the key."""
    work.approve(EDWARDS, _edwards())
    work.exception(EDWARDS, _edwards())
    work.attest(EDWARDS, _edwards())


def test_a_witness_cosigns_by_vault(work: Work) -> None:
    """`witness` cosigns with the key for as long as it runs."""
    work.witness(EDWARDS, _edwards())


def test_bundles_are_signed_by_vault(work: Work) -> None:
    """`build` signs ES256 by Vault's ECDSA, and OPA verifies bundle and live bundle."""
    work.build(P256, open_p256(P256, secret=None).public_key())


def test_a_run_is_signed_by_vault(work: Work) -> None:
    """A runner's record of a run is taken under the key's public half."""
    signer = open_ed25519(EDWARDS, secret=None)
    run = make_record(RecordKind.RUN, {"run_id": "run-1", "tenant": "acme", "checks": []})
    signed = sign_run(run, runner="pool-1", key=signer)
    assert signer_of_run(signed.body, trusted={"pool-1": signer.public_key()}) == "pool-1"


def test_a_key_that_was_rotated_signs_by_the_version_that_is_named(
    server: VaultServer, work: Work
) -> None:
    """Both versions stay apart, and one that does not exist is refused."""
    server.ask("transit/keys/rotated", type="ecdsa-p256")
    server.ask("transit/keys/rotated/rotate")
    found = [open_p256(f"hv:rotated/{n}", secret=None) for n in (1, 2)]
    assert found[0].public_key() != found[1].public_key()
    for one in found:
        assert isinstance(one.public_key(), ec.EllipticCurvePublicKey)
        one.sign(b"content")  # which verifies it
    with pytest.raises(UsageError, match="no such version"):
        open_p256("hv:rotated/3", secret=None)


@pytest.mark.parametrize("uri", ["hv:package-canary/1", "hv:weak/1"])
def test_a_key_of_another_type_is_refused(work: Work, uri: str) -> None:
    """What needs Ed25519 takes no ECDSA key, and nothing takes P-384."""
    with pytest.raises(UsageError, match="for ed25519"):
        open_ed25519(uri, secret=None)
    if uri == "hv:weak/1":
        with pytest.raises(UsageError, match="ecdsa-p256 or ed25519"):
            open_key(uri, secret=None)


def test_a_token_that_may_only_read_and_sign_is_enough(
    server: VaultServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two paths of a policy suffice, and another key is refused without a word of key or token."""
    token = server.limited_token("log-canary")
    monkeypatch.setenv("VAULT_TOKEN", token)
    work.seal(EDWARDS)
    build = ("-o", "built", "--release", "runtime", "--env", "prod", "--signing-key", P256)
    said = work.refused("build", str(EXAMPLE), *build)
    assert "Vault does not answer: Forbidden" in said
    assert token not in said


def test_a_key_that_is_gone_signs_nothing(server: VaultServer, work: Work) -> None:
    """A version that was retired since it was opened is an error, which shows neither key nor token."""
    server.ask("transit/keys/retired-canary", type="ed25519")
    signer = open_ed25519("hv:retired-canary/1", secret=None)
    server.ask("transit/keys/retired-canary/rotate")
    server.ask("transit/keys/retired-canary/config", min_encryption_version=2)
    with pytest.raises(EvidenceError, match="RF999 Vault does not sign") as caught:
        signer.sign(b"content")
    assert "canary" not in str(caught.value)
