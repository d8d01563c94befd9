"""Facts about OPA's signature: ours and OPA's agree on what is refused."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.bundle.samples import KEYID, Files, signed

from ringfence.bundle.archive import unpack
from ringfence.bundle.error import BundleError
from ringfence.bundle.sign import sign, verify_signature
from ringfence.errors import UsageError
from ringfence.keys import public_pem, write_private
from ringfence.opa import find_opa
from ringfence.trust.jws import decode_base64url, encode_base64url

Refusal = Callable[..., str]
Key = ec.EllipticCurvePrivateKey


def code_of(files: Mapping[str, bytes], key: Key, **other: Any) -> str:
    """Return the code with which our verification refuses, or the key id."""
    try:
        return verify_signature(files, keys={KEYID: key.public_key()}, **other)
    except BundleError as error:
        return error.code


def test_both_accept(files: Files, key: Key, opa_refusal: Refusal) -> None:
    """OPA and we accept what we signed, whether or not OPA is told the key id."""
    bundle = signed(files, key=key)
    assert code_of(bundle, key) == KEYID
    assert opa_refusal(bundle) == ""


def _without(files: Files, path: str) -> Files:
    return {name: content for name, content in files.items() if name != path}


TAMPERED: dict[str, tuple[str, str, Callable[[Files], Files]]] = {
    "unsigned": ("RF710", "missing .signatures.json", lambda f: _without(f, ".signatures.json")),
    "data": (
        "RF715",
        "digest mismatch",
        lambda f: {**f, "shop/data.json": f["shop/data.json"].replace(b"8", b"9")},
    ),
    "data, same value in another way": (
        "RF715",
        "digest mismatch",
        lambda f: {**f, "shop/data.json": f["shop/data.json"].replace(b"8", b"8.0")},
    ),
    "rego": (
        "RF715",
        "digest mismatch",
        lambda f: {**f, "shop/main/main.rego": f["shop/main/main.rego"] + b"# x\n"},
    ),
    "manifest": (
        "RF715",
        "digest mismatch",
        lambda f: {**f, ".manifest": f[".manifest"].replace(b"r1", b"r2")},
    ),
    "extra": ("RF717", "not included", lambda f: {**f, "shop/x/x.rego": b"package shop.x\n"}),
    "extra, of no use": ("RF717", "not included", lambda f: {**f, "shop/README.md": b"hello"}),
    "missing": ("RF716", "not found in the target", lambda f: _without(f, "shop/main/main.rego")),
    "renamed": (
        "RF717",
        "not included",
        lambda f: {
            **_without(f, "shop/main/main.rego"),
            "shop/main/other.rego": f["shop/main/main.rego"],
        },
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_bundle_is_refused_by_both(
    files: Files, key: Key, opa_refusal: Refusal, name: str
) -> None:
    """OPA and we refuse each kind of tampering, for the same reason."""
    code, reason, tamper = TAMPERED[name]
    bundle = tamper(signed(files, key=key))
    assert code_of(bundle, key) == code
    assert reason in opa_refusal(bundle)


def test_wrong_key_is_refused_by_both(
    files: Files, key: Key, stranger: Key, opa_refusal: Refusal
) -> None:
    """A stranger's key does not sign under our key id."""
    bundle = signed(files, key=stranger)
    assert code_of(bundle, key) == "RF714"
    assert "failed to verify JWT signature" in opa_refusal(bundle)


def test_unknown_keyid_is_refused(files: Files, key: Key) -> None:
    """A key id that nobody trusts is refused, though the key would fit."""
    assert code_of(signed(files, key=key, keyid="other"), key) == "RF712"


def resigned(files: Files, header: dict[str, Any], signature: bytes = b"") -> Files:
    """Return the bundle with another header and signature."""
    token = orjson.loads(files[".signatures.json"])["signatures"][0]
    _, payload, old = token.split(".")
    parts = (orjson.dumps(header), decode_base64url(payload), signature or decode_base64url(old))
    forged = ".".join(map(encode_base64url, parts))
    return {**files, ".signatures.json": orjson.dumps({"signatures": [forged]})}


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "EdDSA", "es256", None, 7])
def test_algorithm_is_never_the_bundles_choice(files: Files, key: Key, algorithm: object) -> None:
    """A header that names another algorithm is refused before any signature is looked at."""
    bundle = resigned(signed(files, key=key), {"alg": algorithm, "kid": KEYID})
    assert code_of(bundle, key) == "RF713"


def test_public_key_as_hmac_secret_is_refused_by_both(
    files: Files, key: Key, opa_refusal: Refusal
) -> None:
    """An HS256 token made with our public key as its secret convinces neither."""
    import hashlib
    import hmac

    header = {"alg": "HS256", "kid": KEYID}
    bundle = resigned(signed(files, key=key), header)
    text = orjson.loads(bundle[".signatures.json"])["signatures"][0].rsplit(".", 1)[0]
    mac = hmac.digest(public_pem(key.public_key()).encode(), text.encode(), hashlib.sha256)
    bundle = resigned(bundle, header, mac)
    assert code_of(bundle, key) == "RF713"
    assert "failed to verify JWT signature" in opa_refusal(bundle)


@pytest.mark.parametrize("tokens", [[], ["a.b.c", "a.b.c"], ["a.b"], ["a.b.c"], [7], None, "a.b.c"])
def test_signature_file_that_is_none_is_refused(files: Files, key: Key, tokens: object) -> None:
    """Anything but exactly one JWT is refused."""
    bundle = {**files, ".signatures.json": orjson.dumps({"signatures": tokens})}
    assert code_of(bundle, key) == "RF711"


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"signatures":[],"signatures":[]}'])
def test_signature_file_that_is_no_json_is_refused(files: Files, key: Key, content: bytes) -> None:
    """A signatures file that is not one JSON object is refused."""
    assert code_of({**files, ".signatures.json": content}, key) == "RF711"


def test_scope_is_compared(files: Files, key: Key) -> None:
    """A bundle signed for one scope does not pass for another, nor for none."""
    bundle = {**files, ".signatures.json": sign(files, key=key, keyid=KEYID, scope="live")}
    assert code_of(bundle, key, scope="live") == KEYID
    assert code_of(bundle, key, scope="runtime") == "RF713"
    assert code_of(bundle, key) == "RF713"


@pytest.mark.parametrize("path", ["patch.json", "shop/patch.json", "shop/.signatures.json"])
def test_files_that_evade_signatures_are_refused(files: Files, key: Key, path: str) -> None:
    """A patch, and a second signatures file, are neither signed nor verified."""
    with pytest.raises(BundleError, match="RF705"):
        sign({**files, path: b"{}"}, key=key, keyid=KEYID)
    assert code_of({**signed(files, key=key), path: b"{}"}, key) == "RF705"


def test_every_flipped_byte_of_the_signature_file_is_refused(files: Files, key: Key) -> None:
    """No byte of the signatures file may differ, and only BundleError is raised."""
    bundle = signed(files, key=key)
    content = bundle[".signatures.json"]
    for at in range(len(content)):
        for flip in (1, 0x20):
            changed = bytearray(content)
            changed[at] ^= flip
            assert code_of({**bundle, ".signatures.json": bytes(changed)}, key)[:2] == "RF", at


def test_same_files_give_the_same_signature(files: Files, key: Key) -> None:
    """The signature is deterministic, whatever the order of the files."""
    backwards = dict(reversed(files.items()))
    assert sign(files, key=key, keyid=KEYID) == sign(backwards, key=key, keyid=KEYID)


def test_opa_sign_is_accepted(files: Files, key: Key, tmp_path: Path) -> None:
    """What `opa sign` and `opa build` make is accepted by our verification."""
    source = tmp_path / "source"
    for path, content in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content)
    write_private(tmp_path / "key.pem", key)
    (tmp_path / "claims.json").write_text(f'{{"keyid":"{KEYID}"}}')
    common = ["--signing-key=../key.pem", "--signing-alg=ES256", "--claims-file=../claims.json"]
    for arguments in (
        ["build", "--bundle", ".", "--output=../built.tar.gz"],
        ["sign", "--bundle", "."],
    ):
        command = [str(find_opa()), *arguments, *common]
        subprocess.run(command, cwd=source, check=True, timeout=120, capture_output=True)
    ours = {**files, ".signatures.json": (source / ".signatures.json").read_bytes()}
    assert code_of(ours, key) == KEYID
    built = unpack((tmp_path / "built.tar.gz").read_bytes())
    assert code_of(built, key) == KEYID


def test_key_on_another_curve_is_refused(files: Files) -> None:
    """Bundles are signed with P-256 only, and under a key id."""
    with pytest.raises(UsageError, match="secp384r1"):
        sign(files, key=ec.generate_private_key(ec.SECP384R1()), keyid=KEYID)
    with pytest.raises(UsageError, match="key id is empty"):
        sign(files, key=ec.generate_private_key(ec.SECP256R1()), keyid="")
