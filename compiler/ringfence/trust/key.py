"""Load an approver's or issuer's private key."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.errors import UsageError
from ringfence.keys import load_private

__all__ = ["load_signing_key"]


def load_signing_key(path: Path, *, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Return the Ed25519 key of a PKCS #8 PEM file. Raises UsageError."""
    key = load_private(path, passphrase=passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"`{path}` is not an Ed25519 key", help="tokens are signed with Ed25519 only"
        )
    return key
