"""Facts about every command that signs, with keys on a PKCS#11 token; SoftHSM is the token."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.custody.conftest import PIN, Token
from tests.custody.work import EXAMPLE, Work, options
from tests.trust.test_attest import FACTS as SCANNED
from tests.trust.test_attest import GIVEN as ATTEST

from ringfence.custody.opening import open_ed25519, open_key
from ringfence.evidence.records import RecordKind, make_record
from ringfence.evidence.run_signature import sign_run, signer_of_run


@pytest.fixture
def work(token: Token, tmp_path: Path) -> Work:
    """Return a folder to work in, where the PIN is in a variable."""
    given = ("--passphrase-env", "HSM_PIN")
    return Work(folder=tmp_path, given=given, env={"HSM_PIN": PIN}, secrets=(PIN, "pkcs11:"))


def _edwards(uri: str) -> Ed25519PublicKey:
    return open_ed25519(uri, secret=PIN.encode()).public_key()


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_a_package_is_signed_by_the_token(token: Token, work: Work, kind: str) -> None:
    """`export` takes a key of either algorithm, and the package verifies under its public key."""
    uri = token.uri if kind == "ed25519" else token.p256
    work.export(uri, open_key(uri, secret=PIN.encode()).public_key())


def test_a_log_is_sealed_by_the_token(token: Token, work: Work) -> None:
    """`seal`, `init` and `append` sign checkpoints by the token."""
    work.seal(token.uri)


def test_a_request_is_approved_by_the_token(token: Token, work: Work) -> None:
    """`approve` prints a token that counts under a trust root with the key."""
    work.approve(token.uri, _edwards(token.uri))


def test_facts_are_attested_by_the_token(token: Token, work: Work) -> None:
    """`attest` prints a token that counts under a trust root with the key."""
    work.attest(token.uri, _edwards(token.uri))


def test_an_exception_is_approved_by_the_token(token: Token, work: Work) -> None:
    """`exception approve` writes a signature of the key into the file."""
    work.exception(token.uri, _edwards(token.uri))


def test_a_witness_cosigns_by_the_token(token: Token, work: Work) -> None:
    """`witness` cosigns with the key for as long as it runs."""
    work.witness(token.uri, _edwards(token.uri))


def test_bundles_are_signed_by_the_token(token: Token, work: Work) -> None:
    """`build` signs ES256 by the token's ECDSA, and OPA verifies bundle and live bundle."""
    work.build(token.p256, open_key(token.p256, secret=PIN.encode()).public_key())


def test_gaps_are_appended_under_the_tokens_signature(token: Token, work: Work) -> None:
    """`reconcile --append-with` signs the next checkpoint by the token, and the ledger verifies."""
    work.reconcile(token.uri)


def test_an_erasure_is_recorded_under_the_tokens_signature(token: Token, work: Work) -> None:
    """`erase` signs the checkpoint over its tombstone by the token, and the ledger verifies."""
    work.erase(token.uri)


def test_a_collector_signs_by_the_token(token: Token, work: Work) -> None:
    """`collect` signs with a key that its configuration names by a URI, for as long as it runs."""
    work.collect(token.uri)


def test_a_run_is_signed_by_the_token(token: Token) -> None:
    """A runner's record of a run, signed by the token, is taken under the key's public half."""
    signer = open_ed25519(token.uri, secret=PIN.encode())
    run = make_record(RecordKind.RUN, {"run_id": "run-1", "tenant": "acme", "checks": []})
    signed = sign_run(run, runner="pool-1", key=signer)
    assert signer_of_run(signed.body, trusted={"pool-1": signer.public_key()}) == "pool-1"


def test_a_key_of_the_other_algorithm_is_refused(token: Token, work: Work) -> None:
    """Nothing is signed with a key that who verifies could not take, and the URI is not shown."""
    (work.folder / "facts.json").write_text(json.dumps(SCANNED))
    attest = (*options(ATTEST | {"--key": token.p256}), *work.given)
    assert "no such key for ed25519" in work.refused("attest", *attest)
    build = ("-o", "built", "--release", "runtime", "--env", "prod", "--signing-key", token.uri)
    assert "no such key for ecdsa-p256" in work.refused("build", str(EXAMPLE), *build, *work.given)
    assert not (work.folder / "built").exists()


def test_a_token_needs_its_pin(token: Token, work: Work) -> None:
    """Without one, and with a wrong one, a command says so and shows neither."""
    build = ("build", str(EXAMPLE), "-o", "built", "--release", "runtime", "--env", "prod")
    signing = ("--signing-key", token.p256)
    assert "needs its PIN" in work.refused(*build, *signing)
    (work.folder / "pin").write_text("wrong-canary")
    said = work.refused(*build, *signing, "--passphrase-file", "pin")
    assert "PinIncorrect" in said
    assert "wrong-canary" not in said
