"""Timestamp authorities that a verifier trusts, and what a token of theirs shows."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from rfc3161_client import (
    PKIStatus,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from ringfence.evidence.error import EvidenceError, VerifyError

__all__ = ["MAX_TOKEN", "Stamp", "TrustedAuthority", "require_imprint"]

MAX_TOKEN: Final = 64 << 10
"""Bytes of an answer: a token with a chain of certificates needs fewer."""

_HASHES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "2.16.840.1.101.3.4.2.1": lambda content: hashlib.sha256(content).digest(),
    "2.16.840.1.101.3.4.2.2": lambda content: hashlib.sha384(content).digest(),
    "2.16.840.1.101.3.4.2.3": lambda content: hashlib.sha512(content).digest(),
}
"""Digests in timestamps that count, by object identifier (RFC 5754)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A verified token: what was stamped existed at `time`. `serial` is the authority's number for it."""

    time: datetime
    authority: str
    serial: int


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """The roots whose timestamps count; a certificate is valid or not at the time of the stamp."""

    roots: tuple[x509.Certificate, ...]

    @classmethod
    def of_pem(cls, content: bytes) -> "TrustedAuthority":
        """Read certificates in PEM; raise EvidenceError (RF967)."""
        try:
            found = tuple(x509.load_pem_x509_certificates(content))
        except ValueError:
            raise EvidenceError("RF967", "no certificates in PEM") from None
        return cls(found)

    def verify(self, token: bytes, content: bytes, *, nonce: int | None = None) -> Stamp:
        """Return what a timestamp response (RFC 3161, section 2.4.2) shows of the content.

        Raise VerifyError: RF967 where it is malformed or no grant, RF968 where it is of other content
        or another nonce, RF969 where no trusted root stands behind it at its time.
        """
        answer = _decoded(token)
        require_imprint(token, content)
        if nonce is not None and answer.tst_info.nonce != nonce:
            raise VerifyError("RF968", "the timestamp answers another request")
        verifier = VerifierBuilder(roots=list(self.roots)).build()
        try:
            verifier.verify_message(answer, content)
            stamped, serial = answer.tst_info.gen_time, answer.tst_info.serial_number
        except (VerificationError, ValueError, TypeError):
            said = "the timestamp is by no authority that is trusted, or was valid then"
            raise VerifyError("RF969", said) from None
        return Stamp(time=stamped.astimezone(UTC), authority=_signer(answer), serial=serial)


def require_imprint(token: bytes, content: bytes) -> None:
    """Raise VerifyError unless a response grants a timestamp of this content, by whomever (RF967, RF968)."""
    answer = _decoded(token)
    try:
        granted = PKIStatus(answer.status) is PKIStatus.GRANTED
        imprint = answer.tst_info.message_imprint
        digest, named = imprint.message, imprint.hash_algorithm.dotted_string
    except (ValueError, TypeError):
        raise VerifyError("RF967", "the timestamp is malformed") from None
    if not granted:
        raise VerifyError("RF967", "the timestamp was not granted")
    if named not in _HASHES or _HASHES[named](content) != digest:
        raise VerifyError("RF968", "the timestamp is of something else")


def _decoded(token: bytes) -> TimeStampResponse:
    if len(token) > MAX_TOKEN:
        raise VerifyError("RF967", "the timestamp is too large")
    try:
        return decode_timestamp_response(token)
    except (ValueError, TypeError):
        raise VerifyError("RF967", "the timestamp is malformed") from None


def _signer(answer: TimeStampResponse) -> str:
    """Return the issuer and serial number of the certificate that signed, as text."""
    for one in answer.signed_data.signer_infos:
        return f"{one.issuer.rfc4514_string()} #{one.serial_number}"
    return ""
