"""Signing keys: make, write, read, and name them."""

import base64
import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ringfence.errors import UsageError

__all__ = [
    "KeyKind",
    "PrivateKey",
    "PublicKey",
    "generate",
    "load_private",
    "load_public",
    "public_jwk",
    "public_pem",
    "read_passphrase",
    "thumbprint",
    "write_private",
    "write_public",
]

KeyKind = Literal["es256", "ed25519"]
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_MAKE = "make one with `ringfence keygen`"


def generate(kind: KeyKind) -> PrivateKey:
    """Return a new key: P-256 to sign bundles, Ed25519 for approvals and evidence."""
    if kind == "es256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def read_passphrase(*, file: Path | None = None, variable: str = "") -> bytes | None:
    """Return the first line of a file, or the value of an environment variable; None for neither.

    Only the line's end is left out: spaces count. Raises UsageError where both are named, where the
    file cannot be read or the variable is not set, and where the passphrase is empty.
    """
    if file is not None and variable:
        raise UsageError(
            "a passphrase file and a passphrase variable are named", help="name one of them"
        )
    if file is not None:
        found = _read(file).split(b"\n")[0].rstrip(b"\r")
    elif not variable:
        return None
    elif variable not in os.environ:
        raise UsageError(
            f"the variable `{variable}` is not set", help="export the passphrase in it"
        )
    else:
        found = os.fsencode(os.environ[variable])
    if not found:
        where = f"the variable `{variable}`" if variable else f"the first line of `{file}`"
        raise UsageError(f"the passphrase is empty: {where}", help="put one there, or name neither")
    return found


def write_private(path: Path, key: PrivateKey, *, passphrase: bytes | None = None) -> None:
    """Write a key as PKCS#8 in PEM, readable by its owner only, encrypted under a passphrase if any.

    Raises UsageError where the file exists, and where the passphrase is empty.
    """
    if passphrase == b"":
        raise UsageError("the passphrase is empty", help="write one into the file, or leave it out")
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    _write_new(path, pem, mode=0o600)


def write_public(path: Path, key: PublicKey) -> None:
    """Write a public key in PEM. Raises UsageError where the file exists."""
    _write_new(path, public_pem(key).encode(), mode=0o644)


def load_private(path: Path, *, passphrase: bytes | None = None) -> PrivateKey:
    """Read a P-256 or Ed25519 key in PEM. Raises UsageError, which never shows the file's content."""
    content = _read(path)
    try:
        key = serialization.load_pem_private_key(content, password=passphrase or None)
    except TypeError:
        if passphrase:
            raise UsageError(
                f"`{path}` is not encrypted", help="leave the passphrase out"
            ) from None
        raise UsageError(f"`{path}` is encrypted", help="pass its passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        said = "is not a private key in PEM, or the passphrase is wrong"
        raise UsageError(f"`{path}` {said}", help=_MAKE) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise UsageError(f"`{path}` is neither a P-256 nor an Ed25519 key", help=_MAKE)


def load_public(path: Path) -> PublicKey:
    """Read a P-256 or Ed25519 public key in PEM. Raises UsageError."""
    content = _read(path)
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        hint = "pass the `.pub.pem` that `ringfence keygen` wrote"
        raise UsageError(f"`{path}` is not a public key in PEM", help=hint) from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise UsageError(f"`{path}` is neither a P-256 nor an Ed25519 key", help=_MAKE)


def public_pem(key: PublicKey) -> str:
    """Return a public key in PEM (RFC 7468, section 13)."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def public_jwk(key: PublicKey) -> dict[str, str]:
    """Return the required members of the JWK (RFC 7518, section 6.2; RFC 8037, section 2)."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(key.public_bytes_raw())}
    numbers = key.public_numbers()
    x, y = (_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def thumbprint(key: PublicKey) -> str:
    """Return the JWK thumbprint (RFC 7638) with SHA-256 in base64url, the default key id."""
    text = json.dumps(public_jwk(key), separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "name an existing file"
        raise UsageError(f"cannot read `{path}`: {error.strerror}", help=hint) from None


def _write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that did not exist, whole or not at all, and durably.

    A hard link puts the finished file in place: unlike a rename it replaces nothing.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(stream.fileno(), mode)
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(draft, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        _sync_folder(path.parent)
    except FileExistsError:
        raise UsageError(
            f"`{path}` exists", help="choose another name; keys are not replaced"
        ) from None
    except OSError as error:
        raise UsageError(
            f"cannot write `{path}`: {error.strerror}", help="check the folder"
        ) from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
