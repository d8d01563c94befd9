"""What one deliverer may bring: kinds, tenants, and the runners whose signature counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.records import RecordKind

__all__ = ["Terms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The kinds and tenants of a deliverer; `tenants` is None where the log's own operator delivers.

    A run counts only by the signature of one of `runners`.
    """

    kinds: frozenset[RecordKind]
    tenants: frozenset[str] | None
    runners: Mapping[str, Ed25519PublicKey]
