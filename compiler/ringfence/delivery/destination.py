"""Where records are sent: a collector's address, and what is shown to it."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from ringfence.errors import UsageError
from ringfence.posting import Tls

__all__ = ["Destination"]

_PATH: Final = "/records"
_LOOPBACK = re.compile(r"127\.[0-9.]+|::1|localhost")
_TOKEN = re.compile(r"rft_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A collector and a credential of it: a token, or a certificate in `tls`.

    Raise UsageError for an address that is none, or would carry a token in the clear.
    """

    url: str
    token: str = field(default="", repr=False)
    tls: Tls = Tls()
    unsafe_without_tls: bool = False

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise _unusable() from None
        whole = parts.scheme in ("http", "https") and host and not (parts.query or parts.fragment)
        if not whole or parts.username is not None or parts.password is not None:
            raise _unusable()
        if parts.scheme == "http" and not (self.unsafe_without_tls or _LOOPBACK.fullmatch(host)):
            hint = "use https, or `--unsafe-without-tls` inside a network that you trust"
            raise UsageError(
                "without TLS the token would cross the network in the clear", help=hint
            )
        if self.token and not _TOKEN.fullmatch(self.token):
            hint = "pass the file that `ringfence collect --new-token` wrote"
            raise UsageError("the token is not one of a collector's", help=hint)
        if not self.token and self.tls.certificate is None:
            raise UsageError(
                "nothing says who sends", help="pass --token-file, or --cert and --cert-key"
            )

    @property
    def place(self) -> str:
        """Return where records are posted."""
        return self.url.rstrip("/") + _PATH


def _unusable() -> UsageError:
    hint = "write it as in https://collector.example.com:8443, without credentials"
    return UsageError("the collector's address is unusable", help=hint)
