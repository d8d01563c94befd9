"""Salted commitments: SHA-256 over a domain, a salt of 32 bytes, and the fact's name and value.

A value that few could guess needs no more than a hash; a personal one is often among few, so that the salt
alone keeps it from being guessed. Without the salt the commitment says nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError

__all__ = ["Opening", "commitment", "salt_of"]

_DOMAIN: Final = b"ringfence-fact/v1\n"
_SALT: Final = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: the fact's name, its value, and the salt."""

    name: str
    value: Any
    salt: bytes

    def encode(self) -> bytes:
        """Write it as RFC 8785 JSON."""
        return canonical_bytes({"name": self.name, "salt": self.salt.hex(), "value": self.value})

    @classmethod
    def decode(cls, data: bytes) -> "Opening":
        """Read what `encode` writes; raise EvidenceError (RF918)."""
        try:
            read = orjson.loads(data)
            return cls(str(read["name"]), read["value"], bytes.fromhex(read["salt"]))
        except (ValueError, TypeError, KeyError):
            raise EvidenceError("RF918", "the opening of a commitment cannot be read") from None

    def opens(self, committed: bytes) -> bool:
        """Tell whether the commitment is to this name and value."""
        return hmac.compare_digest(commitment(self), committed)


def commitment(opening: Opening) -> bytes:
    """Return the 32 bytes that stand in a record; raise EvidenceError where the value has no JSON."""
    if len(opening.salt) != _SALT:
        raise EvidenceError("RF918", "a salt has 32 bytes")
    content = canonical_bytes([opening.name, opening.value])
    return hashlib.sha256(_DOMAIN + opening.salt + content).digest()


def salt_of(key: bytes, *parts: str) -> bytes:
    """Derive a salt from a random key, so that a decision that comes again has the same record.

    To whoever lacks the key it is random (HMAC-SHA-256, RFC 2104); no other parts have the same.
    """
    content = b"".join(len(data).to_bytes(4) + data for data in (part.encode() for part in parts))
    return hmac.digest(key, b"salt\n" + content, "sha256")
