"""OPA's bundle signature: `.signatures.json` holds one JWT over the hashes of all files.

Source: `v1/bundle/sign.go` and `verify.go` of OPA 1.22.0; RFC 7515 and RFC 7518, section 3.4.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.bundle.error import BundleError
from ringfence.bundle.hash import SIGNATURES, file_hash
from ringfence.custody.file import signer_of
from ringfence.custody.signer import P256Signer, der_of_raw, raw_of_der
from ringfence.errors import UsageError
from ringfence.trust.jws import MalformedError, decode_base64url, encode_base64url, read_object

__all__ = ["sign", "verify_signature"]

_ALGORITHM = "ES256"
_HASH = "SHA-256"


def sign(
    files: Mapping[str, bytes],
    *,
    key: ec.EllipticCurvePrivateKey | P256Signer,
    keyid: str,
    scope: str = "",
) -> bytes:
    """Return the content of `.signatures.json` for the files, without one of theirs.

    The signature is deterministic (RFC 6979) where the key is in a file and OpenSSL can do it. OPA
    compares `scope` with the one in its configuration, and both are empty by default. Raises UsageError
    for a key that is not P-256 and an empty `keyid`, BundleError for files that OPA could not verify,
    EvidenceError (RF999) for a key elsewhere that does not sign.
    """
    signer = signer_of(key)
    if not keyid:
        raise UsageError("the key id is empty", help="name the key under which OPA knows it")
    claims: dict[str, Any] = {"files": _describe(files), "keyid": keyid}
    claims |= {"scope": scope} if scope else {}
    header = encode_base64url(orjson.dumps({"alg": _ALGORITHM, "kid": keyid, "typ": "JWT"}))
    signed = f"{header}.{encode_base64url(orjson.dumps(claims))}"
    signature = raw_of_der(signer.sign(signed.encode()))
    return orjson.dumps({"signatures": [f"{signed}.{encode_base64url(signature)}"]})


def verify_signature(
    files: Mapping[str, bytes], *, keys: Mapping[str, ec.EllipticCurvePublicKey], scope: str = ""
) -> str:
    """Return the id of the key that signed all files, as OPA would verify them.

    Raises BundleError for a bundle without signature, with several, by an unknown key, with another
    algorithm or scope, for a signature that does not fit, and for altered, missing and extra files.
    """
    if SIGNATURES not in files:
        raise BundleError("RF710", "the bundle is not signed")
    token = _token(files[SIGNATURES])
    try:
        header64, payload64, signature64 = token.split(".")
        header = read_object(decode_base64url(header64))
        payload, signature = decode_base64url(payload64), decode_base64url(signature64)
        claims = read_object(payload)
    except (ValueError, MalformedError):
        raise BundleError("RF711", "the bundle's signature is not a JWT") from None
    if header.get("alg") != _ALGORITHM:
        raise BundleError("RF713", f"the bundle is signed with `{header.get('alg')}`, not ES256")
    keyid = header.get("kid") or claims.get("keyid")
    if not isinstance(keyid, str) or keyid not in keys:
        raise BundleError("RF712", f"the bundle is signed with the unknown key `{keyid}`")
    _check(keys[keyid], signed=f"{header64}.{payload64}".encode(), signature=signature)
    if claims.get("scope", "") != scope:
        raise BundleError(
            "RF713", f"the bundle is signed for the scope `{claims.get('scope', '')}`"
        )
    _compare(files, claims.get("files"))
    return keyid


def _token(content: bytes) -> str:
    try:
        document = read_object(content)
    except MalformedError as error:
        raise BundleError("RF711", f"`{SIGNATURES}` is {error}") from None
    tokens = document.get("signatures")
    if document.get("plugin") not in (None, "", "_default"):
        raise BundleError("RF711", f"`{SIGNATURES}` asks for the plugin `{document['plugin']}`")
    if not isinstance(tokens, list) or len(tokens) != 1 or not isinstance(tokens[0], str):
        raise BundleError("RF711", f"`{SIGNATURES}` does not hold exactly one signature")
    return tokens[0]


def _check(key: ec.EllipticCurvePublicKey, *, signed: bytes, signature: bytes) -> None:
    if not isinstance(key.curve, ec.SECP256R1):
        raise BundleError("RF714", "the bundle's signature does not fit")
    try:
        key.verify(der_of_raw(signature), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise BundleError("RF714", "the bundle's signature does not fit") from None


def _compare(files: Mapping[str, bytes], claimed: object) -> None:
    due: dict[str, str] = {}
    for entry in claimed if isinstance(claimed, list) else []:
        match entry:
            case {"name": str(name), "hash": str(digest), "algorithm": "SHA-256"}:
                due[name] = digest.lower()
            case _:
                raise BundleError("RF711", f"`{SIGNATURES}` describes a file in another way")
    for file in _describe({path: files[path] for path in files if path != SIGNATURES}):
        if file["name"] not in due:
            raise BundleError("RF717", f"`{file['name']}` is not covered by the signature")
        if due.pop(file["name"]) != file["hash"]:
            raise BundleError("RF715", f"`{file['name']}` was altered after it was signed")
    if due:
        raise BundleError("RF716", f"`{min(due)}` was signed and is missing")


def _describe(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    """Return name and hash of each file. A patch would make OPA skip every signature."""
    for path in files:
        name = path.rsplit("/", 1)[-1]
        if name in (SIGNATURES, "patch.json"):
            raise BundleError("RF705", f"a bundle may not hold `{path}`")
    return [
        {"name": path, "hash": file_hash(path, files[path]), "algorithm": _HASH}
        for path in sorted(files)
    ]
