"""Open the private key that signs, wherever it is kept."""

from pathlib import Path
from typing import Final, cast

from ringfence.custody.file import signer_of
from ringfence.custody.place import is_key_uri, read_cloud, read_token, read_vault
from ringfence.custody.signer import (
    ECDSA_P256,
    ED25519,
    Algorithm,
    Ed25519Signer,
    OutsideKey,
    P256Signer,
    SigningKey,
    algorithm_of,
)
from ringfence.errors import UsageError
from ringfence.keys import PublicKey, load_private

__all__ = ["open_ed25519", "open_key", "open_p256"]

_EVERY: Final[frozenset[Algorithm]] = frozenset({ED25519, ECDSA_P256})
_NAMES: Final = {ED25519: "Ed25519", ECDSA_P256: "P-256"}


def open_ed25519(place: str | Path, *, secret: bytes | None) -> Ed25519Signer:
    """Return the Ed25519 key of a file or a URI; raise UsageError.

    `secret` is a file's passphrase, or a token's PIN.
    """
    return cast(Ed25519Signer, open_key(place, secret=secret, wanted=frozenset({ED25519})))


def open_p256(place: str | Path, *, secret: bytes | None) -> P256Signer:
    """Return the key on P-256 of a file or a URI; raise UsageError."""
    return cast(P256Signer, open_key(place, secret=secret, wanted=frozenset({ECDSA_P256})))


def open_key(
    place: str | Path, *, secret: bytes | None, wanted: frozenset[Algorithm] = _EVERY
) -> SigningKey[PublicKey]:
    """Return the key of a file or a URI, of one of these algorithms; raise UsageError.

    The URI is of `pkcs11:` (RFC 7512), or as securesystemslib names keys: `hv:` of Vault, `awskms:`,
    `gcpkms:` and `azurekms:` of clouds. Errors show neither URI nor secret.
    """
    if is_key_uri(str(place)):
        return _open_outside(str(place), secret=secret, wanted=wanted)
    private = load_private(Path(place), passphrase=secret)
    if algorithm_of(private.public_key()) not in wanted:
        kind = "ed25519" if ED25519 in wanted else "es256"
        hint = f"make one with `ringfence keygen --type {kind}`"
        names = " or ".join(_NAMES[one] for one in sorted(wanted))
        raise UsageError(f"`{place}` is no {names} key", help=hint)
    return signer_of(private)


def _open_outside(
    uri: str, *, secret: bytes | None, wanted: frozenset[Algorithm]
) -> OutsideKey[PublicKey]:
    scheme = uri.partition(":")[0].lower()
    if scheme == "pkcs11":
        from ringfence.custody.token import open_token

        return open_token(read_token(uri), pin=secret, wanted=wanted)
    if scheme == "hv":
        from ringfence.custody.vault import open_vault

        return open_vault(read_vault(uri), wanted=wanted)
    if scheme not in {"awskms", "gcpkms", "azurekms"}:
        hint = "use `pkcs11:…` for an HSM, `hv:…` for Vault, or a key in a file"
        raise UsageError(f"keys of `{scheme}:` are not supported", help=hint)
    if ECDSA_P256 not in wanted:
        hint = "use `pkcs11:…` for an HSM, `hv:…` for Vault, or an Ed25519 key in a file"
        said = f"keys of `{scheme}:` sign by ECDSA, and what is signed here needs Ed25519"
        raise UsageError(said, help=hint)
    from ringfence.custody.cloud import open_cloud

    return open_cloud(read_cloud(uri))
