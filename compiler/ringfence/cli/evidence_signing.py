"""What signs: the private keys of a log or of packages, and the witnesses that cosign."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ringfence.ledger.publication import Witnessing
    from ringfence.ledger.quorum import Quorum

__all__ = ["signing_key", "witnessing"]


def signing_key(path: Path, *, passphrase: bytes | None) -> "Ed25519PrivateKey":
    """Read an Ed25519 private key; raise UsageError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ringfence.errors import UsageError
    from ringfence.keys import load_private

    private = load_private(path, passphrase=passphrase)
    if not isinstance(private, Ed25519PrivateKey):
        hint = "make one with `ringfence keygen --type ed25519`"
        raise UsageError(f"`{path}` is no Ed25519 key", help=hint)
    return private


def witnessing(quorum: "Quorum | None", urls: tuple[str, ...]) -> "Witnessing | None":
    """Return how a quorum's witnesses are asked, by `NAME=URL`; raise UsageError."""
    from ringfence.errors import UsageError
    from ringfence.ledger.publication import Witnessing
    from ringfence.ledger.witness_http import asking

    known = {key.name for key in quorum.keys} if quorum else set()
    ask = {}
    for one in urls:
        name, found, url = one.partition("=")
        if not found or name not in known:
            hint = "write `--witness-url NAME=URL` with the name in a key of --witness"
            raise UsageError(f"`{name}` is the name of no witness that was passed", help=hint)
        ask[name] = asking(url)
    return Witnessing(quorum=quorum, ask=ask) if quorum else None
