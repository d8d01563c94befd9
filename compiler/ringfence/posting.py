"""POST over HTTP, bounded: so many bytes of an answer, in so many seconds, and no redirect."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from ringfence.errors import RingfenceError

__all__ = ["Answer", "PostError", "Tls", "post"]

_CHUNK: Final = 64 << 10
_UNVERIFIED: Final = "CERTIFICATE_VERIFY_FAILED"
_UNTRUSTED: Final = "CertificateNotTrusted"
_FINAL: Final = {_UNTRUSTED, "TooLong", "InvalidURL", "InvalidSchema", "LocationParseError"}


class PostError(RingfenceError):
    """No whole answer came; `reason` is a word such as `ConnectionError`, and shows no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def is_final(self) -> bool:
        """Tell whether another try would come to the same."""
        return self.reason in _FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered, whatever its status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Whom to trust and what to show: files of authorities, and of a certificate with its key, in PEM.

    Without `authorities` the machine's own count.
    """

    authorities: str = ""
    certificate: tuple[str, str] | None = None


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeout: float,
    most: int,
    token: str = "",
    tls: Tls | None = None,
    session: requests.Session | None = None,
) -> Answer:
    """Post a body, and return the answer of at most `most` bytes; raise PostError.

    `timeout`, in seconds, is for the connection, for each silence, and for the whole of the answer.
    `token` is sent as a bearer token, whatever a netrc file says of the host.
    """
    using, end = session or requests.Session(), time.monotonic() + timeout
    try:
        with using.post(
            url,
            data=body,
            headers={
                "Accept-Encoding": "identity",
                **headers,
            },  # a compressed answer could be a bomb
            timeout=timeout,
            stream=True,
            allow_redirects=False,
            auth=_Bearer(token) if token else None,
            verify=(tls.authorities if tls else "") or True,
            cert=tls.certificate if tls else None,
        ) as answer:
            return Answer(
                status=answer.status_code,
                headers={name.lower(): value for name, value in answer.headers.items()},
                body=_content(answer.raw, most=most, end=end),
            )
    except (requests.RequestException, OSError, HTTPError) as error:
        # The text could show the address with its credentials.
        raise PostError(_UNTRUSTED if _UNVERIFIED in str(error) else type(error).__name__) from None
    finally:
        if session is None:
            using.close()


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _content(raw: Any, *, most: int, end: float) -> bytes:
    """Read what comes, without waiting for more of it than is there; raise PostError."""
    content = b""
    while chunk := raw.read1(_CHUNK):
        content += chunk
        if len(content) > most:
            raise PostError("TooLong")
        if time.monotonic() > end:
            raise PostError("TooSlow")
    return content
