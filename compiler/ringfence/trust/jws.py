"""JSON Web Signatures with Ed25519 (RFC 7515, RFC 8037): compact, and with detached payload."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PublicKey,
)

from ringfence.custody.signer import Ed25519Signer

__all__ = [
    "Jws",
    "MalformedError",
    "attach",
    "decode_base64url",
    "detach",
    "encode_base64url",
    "read_compact",
    "read_object",
    "sign_compact",
    "verify",
]

# 64 bytes are 86 characters, the last of which carries four zero bits.
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{85}[AQgw])")


class MalformedError(ValueError):
    """The text is not a JWS of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A JWS that was read and not yet verified."""

    header: Mapping[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes


def sign_compact(payload: bytes, *, header: Mapping[str, Any], key: Ed25519Signer) -> str:
    """Return the compact serialization (RFC 7515, section 3.1) with an EdDSA signature."""
    text = json.dumps(dict(header), separators=(",", ":"), sort_keys=True)
    signed = f"{encode_base64url(text.encode())}.{encode_base64url(payload)}"
    return f"{signed}.{encode_base64url(key.sign(signed.encode()))}"


def read_compact(text: str) -> Jws:
    """Read a compact JWS. Raises MalformedError; a header is refused with repeated or spaced names."""
    found = _COMPACT.fullmatch(text)
    if found is None:
        raise MalformedError("not three parts of base64url")
    return Jws(
        header=_read_header(decode_base64url(found[1])),
        payload=decode_base64url(found[2]),
        signed=f"{found[1]}.{found[2]}".encode(),
        signature=decode_base64url(found[3]),
    )


def _read_header(raw: bytes) -> Mapping[str, Any]:
    header = read_object(raw)
    if not all(isinstance(value, (str, int)) for value in header.values()):
        raise MalformedError("a header with other values than text and whole numbers")
    if len(raw.decode()) != len(json.dumps(header, separators=(",", ":"), ensure_ascii=False)):
        raise MalformedError("a header with white space or escapes")
    return header


def verify(jws: Jws, *, public: bytes) -> bool:
    """Tell whether the signature is the key's (RFC 8032); `public` is its 32 bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(jws.signature, jws.signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def detach(compact: str) -> str:
    """Leave the payload out of a compact JWS (RFC 7515, appendix F)."""
    header, _, signature = compact.split(".")
    return f"{header}..{signature}"


def attach(detached: str, *, payload: bytes) -> str:
    """Put the payload back. Raises MalformedError where the text is not a detached JWS."""
    parts = detached.split(".")
    if len(parts) != 3 or parts[1]:
        raise MalformedError("not a detached JWS")
    return f"{parts[0]}.{encode_base64url(payload)}.{parts[2]}"


def read_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object without repeated names, at any depth; fractions are `Decimal`.

    Raises MalformedError.
    """
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=Decimal,
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise MalformedError("not JSON without repeated names") from None
    if not isinstance(value, dict):
        raise MalformedError("not a JSON object")
    return value


def encode_base64url(raw: bytes) -> str:
    """Encode without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Decode without padding. Raises MalformedError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("not base64url") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is repeated")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
