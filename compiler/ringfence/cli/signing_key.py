"""The private keys that commands sign with: a file, or a URI of a key that is kept elsewhere."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ringfence.custody.place import is_key_uri

if TYPE_CHECKING:
    from ringfence.custody.signer import Ed25519Signer, P256Signer, SigningKey
    from ringfence.keys import PublicKey

__all__ = ["KEY", "ed25519_key", "ed25519_keys", "p256_key", "signing_key"]


class _KeyPlace(click.Path):
    """A file that exists, or the URI of a key that is kept elsewhere."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what help shows for the value."""
        return "FILE|URI"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | Path:
        """Return the file's path, or the URI as it stands."""
        if is_key_uri(str(value)):
            return str(value)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


KEY: Final = _KeyPlace(exists=True, dir_okay=False, path_type=Path)


def ed25519_key(key: str | Path, *, file: Path | None, variable: str) -> "Ed25519Signer":
    """Return the Ed25519 key of a file or URI; raise UsageError.

    The passphrase, or the token's PIN, is the first line of `file` or the value of `variable`.
    """
    return ed25519_keys((key,), file=file, variable=variable)[0]


def ed25519_keys(
    keys: tuple[str | Path, ...], *, file: Path | None, variable: str
) -> "tuple[Ed25519Signer, ...]":
    """Return several Ed25519 keys, all under one passphrase or PIN; raise UsageError."""
    from ringfence.custody.opening import open_ed25519
    from ringfence.keys import read_passphrase

    secret = read_passphrase(file=file, variable=variable)
    return tuple(open_ed25519(key, secret=secret) for key in keys)


def p256_key(key: str | Path, *, file: Path | None, variable: str) -> "P256Signer":
    """Return the key on P-256 of a file or URI; raise UsageError."""
    from ringfence.custody.opening import open_p256
    from ringfence.keys import read_passphrase

    return open_p256(key, secret=read_passphrase(file=file, variable=variable))


def signing_key(key: str | Path, *, file: Path | None, variable: str) -> "SigningKey[PublicKey]":
    """Return the key of a file or URI, whichever algorithm it is for; raise UsageError."""
    from ringfence.custody.opening import open_key
    from ringfence.keys import read_passphrase

    return open_key(key, secret=read_passphrase(file=file, variable=variable))
