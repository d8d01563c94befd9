"""What signs: the private keys of a log or of packages, and the witnesses that cosign."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ringfence.custody.place import is_key_uri

if TYPE_CHECKING:
    from ringfence.evidence.note import NoteSigner
    from ringfence.ledger.publication import Witnessing
    from ringfence.ledger.quorum import Quorum

__all__ = ["KEY", "signing_key", "witnessing"]


class _KeyPlace(click.Path):
    """A file that exists, or the URI of a key that is kept elsewhere."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the file's path, or the URI as it stands."""
        if is_key_uri(str(value)):
            return Path(value)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


KEY: Final = _KeyPlace(exists=True, dir_okay=False, path_type=Path)


def signing_key(path: Path, *, passphrase: bytes | None) -> "NoteSigner":
    """Return the Ed25519 private key of a file, or of the URI that the path is; raise UsageError.

    `passphrase` is the file's, or the PIN of a token.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ringfence.errors import UsageError
    from ringfence.keys import load_private

    if is_key_uri(str(path)):
        from ringfence.custody.opening import open_key

        return open_key(str(path), pin=passphrase)
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
