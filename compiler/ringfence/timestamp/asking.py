"""Ask a timestamp authority over HTTP (RFC 3161, section 3.4)."""

from typing import Final
from urllib.parse import urlsplit

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.posting import PostError, post
from ringfence.timestamp.authority import MAX_TOKEN, TrustedAuthority

__all__ = ["ask_timestamp"]

_TIMEOUT: Final = 20.0


def ask_timestamp(content: bytes, *, url: str, trusted: TrustedAuthority) -> bytes:
    """Return an authority's response over the content's SHA-256, once it is verified.

    Only the digest leaves, with a fresh nonce. Raise EvidenceError (RF967) where none is given within
    20 seconds, and RF967 to RF969 where what is given does not hold.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise EvidenceError("RF967", "a timestamp authority is asked over http or https")
    request = (
        TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .build()
    )
    token = _post(url, request.as_bytes())
    try:
        trusted.verify(token, content, nonce=request.nonce)
    except VerifyError as error:
        raise EvidenceError(error.code, error.message) from None
    return token


def _post(url: str, query: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        answer = post(url, query, headers=headers, timeout=_TIMEOUT, most=MAX_TOKEN)
    except PostError as error:
        said = f"the timestamp authority could not be asked ({error.reason})"
        raise EvidenceError("RF967", said) from None
    if answer.status != 200:
        said = f"the timestamp authority answered with status {answer.status}"
        raise EvidenceError("RF967", said)
    return answer.body
