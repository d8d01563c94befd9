"""The digest of a call's arguments: all that leaves the proxy of them, other than to the server."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

__all__ = ["ALL", "CoveredDigest", "digest_arguments"]

ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class CoveredDigest:
    """`sha256:` and the digest over the covered arguments, whose names `covered` joins by `,`.

    `size` is that of the digested text, in bytes.
    """

    digest: str
    covered: str
    size: int


def digest_arguments(arguments: Mapping[str, Any], *, covered: str = ALL) -> CoveredDigest:
    """Digest the RFC 8785 bytes of the object of the covered arguments, null for an absent one.

    Raise ValueError for arguments without canonical JSON.
    """
    names = arguments if covered == ALL else covered.split(",")
    try:
        raw = rfc8785.dumps({name: arguments.get(name) for name in names})
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError):
        raise ValueError("the arguments have no canonical JSON") from None
    return CoveredDigest(f"sha256:{hashlib.sha256(raw).hexdigest()}", covered, len(raw))
