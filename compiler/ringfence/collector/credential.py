"""Who a client is: a bearer token, kept as its digest, or a name in its certificate."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ringfence.collector.principal import Principal

__all__ = ["DIGEST_PATTERN", "Credentials", "digest_of", "new_token"]

DIGEST_PATTERN: Final = r"^sha256:[0-9a-f]{64}$"
_BEARER = re.compile(r"[Bb]earer +(rft_[A-Za-z0-9_-]{43})")
_SHELF: Final = 4


def new_token() -> str:
    """Return a token of 256 random bits, in the only form that is accepted."""
    return f"rft_{secrets.token_urlsafe(32)}"


def digest_of(token: str) -> str:
    """Return what the configuration keeps of a token.

    One SHA-256 is enough, since nobody can try all tokens: those of another form are never accepted.
    """
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


class Credentials:
    """The principals by what they show."""

    def __init__(self, principals: Iterable[Principal]) -> None:
        self._tokens: dict[bytes, list[tuple[bytes, Principal]]] = {}
        self._names: dict[tuple[str, str], Principal] = {}
        for one in principals:
            if one.token:
                digest = bytes.fromhex(one.token.removeprefix("sha256:"))
                self._tokens.setdefault(digest[:_SHELF], []).append((digest, one))
            if one.certificate:
                self._names[one.certificate] = one

    def of_token(self, authorization: str) -> Principal | None:
        """Return whose token an `Authorization` header holds.

        Digests are compared, and in constant time: how long it takes tells nothing of a token.
        """
        match = _BEARER.fullmatch(authorization)
        if match is None:
            return None
        shown = hashlib.sha256(match[1].encode()).digest()
        found = None
        for digest, principal in self._tokens.get(shown[:_SHELF], ()):
            if hmac.compare_digest(digest, shown):
                found = principal
        return found

    def of_certificate(self, peer: Mapping[str, Any] | None) -> Principal | None:
        """Return who a verified client certificate names, as `ssl` decodes it.

        A certificate with the names of two principals is nobody's.
        """
        names = peer.get("subjectAltName", ()) if peer else ()
        found = {
            principal.name: principal
            for kind, name in names
            if (principal := self._names.get((kind, name))) is not None
        }
        return next(iter(found.values())) if len(found) == 1 else None
