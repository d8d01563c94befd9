"""Approvals from a folder: those that may be of a call are sent along, and OPA judges them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ringfence.ir.schema import DecisionPoint
from ringfence.proxy.identity import Identity
from ringfence.trust.canonical import UnencodableFactError, bound_digest
from ringfence.trust.jws import MalformedError, read_compact, read_object
from ringfence.trust.token import MAX_LENGTH

__all__ = ["ApprovalFolder"]

# As many as a decision reads (docs/tokens.md).
_MOST: Final = 16
_MOST_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token claims, unverified: its own id, and what it is bound to."""

    text: str
    id: str
    bound_to: tuple[object, ...]
    expires: float


class ApprovalFolder:
    """A folder of compact JWS, one a file, read at every call; each file again once it changed.

    Nothing is trusted here: a token that claims to be of a call is sent with it, the longest-lived
    first, and OPA verifies it.
    """

    def __init__(self, folder: Path | None, *, point: DecisionPoint, who: Identity) -> None:
        self._folder = folder
        self._point = point
        self._who = who
        self._known: dict[Path, tuple[tuple[int, int, int], _Token | None]] = {}

    def of(self, facts: Mapping[str, Any], *, spent: Collection[str]) -> tuple[str, ...]:
        """Return the tokens that claim to be of a request with these facts, but for spent ones."""
        if self._folder is None:
            return ()
        try:
            digest = bound_digest(facts, self._point)
        except UnencodableFactError:
            return ()
        due = (self._point.name, self._who.tenant, self._who.environment, digest)
        found = [
            token for token in self._tokens() if token.bound_to == due and token.id not in spent
        ]
        found.sort(key=lambda token: (-token.expires, token.id))
        return tuple(token.text for token in found[:_MOST])

    def _tokens(self) -> list[_Token]:
        assert self._folder is not None
        try:
            paths = sorted(one for one in self._folder.iterdir() if not one.name.startswith("."))
        except OSError:
            return []
        now = {path: self._read(path) for path in paths[:_MOST_FILES]}
        self._known = {path: read for path, read in now.items() if read is not None}
        return [token for _, token in self._known.values() if token is not None]

    def _read(self, path: Path) -> tuple[tuple[int, int, int], _Token | None] | None:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._known.get(path)
            if known is not None and known[0] == stamp:
                return known
            if not path.is_file() or status.st_size > MAX_LENGTH + 2:
                return stamp, None
            return stamp, _token(path.read_text(encoding="ascii").strip())
        except (OSError, UnicodeError):
            return None


def _token(text: str) -> _Token | None:
    try:
        claims = read_object(read_compact(text).payload)
    except MalformedError:
        return None
    bound_to = tuple(claims.get(name) for name in ("point", "tenant", "env", "facts"))
    number, expires = claims.get("jti"), claims.get("exp")
    if not isinstance(number, str) or not isinstance(expires, int):
        return None
    return _Token(text, number, bound_to, float(expires))
