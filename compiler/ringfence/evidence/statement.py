"""An in-toto Statement (v1) over a package's files, in a DSSE envelope (v1.0.0).

Written here rather than taken from securesystemslib: the envelope is twenty lines, and verification
must accept one encoding only, which that library does not insist on. Tests let it verify ours.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

import orjson

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import decode_base64

__all__ = [
    "PAYLOAD_TYPE",
    "PREDICATE_TYPE",
    "Envelope",
    "EnvelopeKey",
    "EnvelopeSigner",
    "pae",
    "read_statement",
    "write_statement",
]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
PREDICATE_TYPE: Final = "ringfence:evidence-package/v1"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class EnvelopeKey(Protocol):
    """A public key that envelopes name by an id."""

    @property
    def keyid(self) -> str:
        """Return the id."""
        ...

    def verifies(self, signature: bytes, content: bytes, /) -> bool:
        """Tell whether the signature is this key's over the content, in the one form that it writes."""
        ...


class EnvelopeSigner(Protocol):
    """What signs envelopes."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature over the data."""
        ...


def write_statement(
    digests: Mapping[str, str],
    *,
    predicate: Mapping[str, Any],
    predicate_type: str = PREDICATE_TYPE,
) -> bytes:
    """Return the Statement over files (name to SHA-256 in hexadecimal) as RFC 8785 bytes."""
    subject = [{"digest": {"sha256": digests[name]}, "name": name} for name in sorted(digests)]
    return canonical_bytes(
        {
            "_type": _STATEMENT,
            "predicate": dict(predicate),
            "predicateType": predicate_type,
            "subject": subject,
        }
    )


def read_statement(
    payload: bytes, *, predicate_type: str = PREDICATE_TYPE
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the digests by name, and the predicate; raise VerifyError."""
    statement = _object(payload)
    if statement.keys() != {"_type", "predicate", "predicateType", "subject"}:
        raise _malformed()
    subject, predicate = statement["subject"], statement["predicate"]
    if not isinstance(subject, list) or not isinstance(predicate, dict):
        raise _malformed()
    if (statement["_type"], statement["predicateType"]) != (_STATEMENT, predicate_type):
        raise _malformed()
    digests = dict(map(_subject, subject))
    if len(digests) != len(subject):
        raise _malformed()
    try:
        written = write_statement(digests, predicate=predicate, predicate_type=predicate_type)
    except EvidenceError:
        raise _malformed() from None  # a number that has no canonical form
    if written != payload:
        raise _malformed()
    return digests, predicate


def pae(payload: bytes) -> bytes:
    """Return what is signed: type and payload with their lengths (DSSE, PAE)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


class Envelope:
    """A payload with one signature."""

    def __init__(self, payload: bytes, *, signature: bytes, keyid: str) -> None:
        self.payload = payload
        self.signature = signature
        self.keyid = keyid

    @classmethod
    def sign(cls, payload: bytes, *, key: EnvelopeSigner, keyid: str) -> "Envelope":
        """Sign a payload."""
        return cls(payload, signature=key.sign(pae(payload)), keyid=keyid)

    def encode(self) -> bytes:
        """Write the envelope as RFC 8785 bytes with a line feed."""
        signature = {"keyid": self.keyid, "sig": base64.b64encode(self.signature).decode()}
        content = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [signature],
        }
        return canonical_bytes(content) + b"\n"

    @classmethod
    def open(cls, data: bytes, *, key: EnvelopeKey) -> "Envelope":
        """Return the envelope once its signature is verified; raise VerifyError."""
        content = _object(data)
        payload, signatures = _bytes(content.get("payload")), content.get("signatures")
        if not isinstance(signatures, list) or len(signatures) != 1:
            raise _malformed()
        one = signatures[0] if isinstance(signatures[0], dict) else {}
        found = cls(payload, signature=_bytes(one.get("sig")), keyid=key.keyid)
        if not key.verifies(found.signature, pae(payload)):
            raise VerifyError("RF928", "the statement's signature does not fit")
        if found.encode() != data:
            raise _malformed()
        return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _malformed() from None
    if not isinstance(found, dict):
        raise _malformed()
    return found


def _subject(value: object) -> tuple[str, str]:
    match value:
        case {"name": str(name), "digest": {"sha256": str(digest)}} if _DIGEST.fullmatch(digest):
            return name, digest
        case _:
            raise _malformed()


def _bytes(text: object) -> bytes:
    raw = decode_base64(text) if isinstance(text, str) else None
    if raw is None:
        raise _malformed()
    return raw


def _malformed() -> VerifyError:
    return VerifyError("RF927", "the statement is malformed")
