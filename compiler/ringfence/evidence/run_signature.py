"""Run records that a runner has signed, with a key that no sidecar has.

A sidecar reports decisions, and a runner what it ran under them: only two stories that different keys
tell can be compared.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteSigner, decode_base64
from ringfence.evidence.records import Record, RecordKind, make_record

__all__ = ["sign_run", "signer_of_run"]

_DOMAIN: Final = b"ringfence-run/v1\n"


def sign_run(record: Record, *, runner: str, key: NoteSigner) -> Record:
    """Return a run's record with the runner's name and its Ed25519 signature over all the rest.

    Raise EvidenceError for a record of another kind, or one that is signed.
    """
    body = record.body
    if record.kind is not RecordKind.RUN or "signature" in body:
        raise EvidenceError("RF990", "what a runner signs is the record of a run, once")
    body["signed_by"] = runner
    signature = base64.b64encode(key.sign(_signed(body))).decode()
    return make_record(RecordKind.RUN, {**body, "signature": signature})


def signer_of_run(body: Mapping[str, Any], *, trusted: Mapping[str, Ed25519PublicKey]) -> str:
    """Return the runner whose key has signed a run's record (RFC 8032).

    Raise EvidenceError (RF990) for no signature, an unknown runner, or a signature that does not fit.
    """
    name, signature = body.get("signed_by"), body.get("signature")
    if not isinstance(name, str) or not isinstance(signature, str):
        raise EvidenceError("RF990", "the run's record is signed by nobody")
    if name not in trusted:
        raise EvidenceError("RF990", "the run's record is signed by no trusted runner")
    raw = decode_base64(signature)
    members = {member: value for member, value in body.items() if member != "signature"}
    try:
        trusted[name].verify(raw or b"", _signed(members))
    except InvalidSignature:
        raise EvidenceError("RF990", "the signature of the run's record does not fit") from None
    return name


def _signed(members: Mapping[str, Any]) -> bytes:
    return _DOMAIN + canonical_bytes(dict(members))
