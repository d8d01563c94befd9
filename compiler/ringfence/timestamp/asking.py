"""Ask a timestamp authority over HTTP (RFC 3161, section 3.4)."""

from typing import Final
from urllib.parse import urlsplit

import requests
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from ringfence.evidence.error import EvidenceError, VerifyError
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
    try:
        with requests.post(
            url,
            data=query,
            timeout=_TIMEOUT,
            stream=True,
            allow_redirects=False,
            headers={"Content-Type": "application/timestamp-query"},
        ) as answer:
            content = answer.raw.read(MAX_TOKEN + 1, decode_content=True)
            status = answer.status_code
    except (requests.RequestException, OSError) as error:
        said = type(error).__name__  # the text could show the address with its credentials
        raise EvidenceError(
            "RF967", f"the timestamp authority could not be asked ({said})"
        ) from None
    if status != 200:
        raise EvidenceError("RF967", f"the timestamp authority answered with status {status}")
    return bytes(content)
