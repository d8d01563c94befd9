"""Sign with a key of Vault's transit engine (also OpenBao's), through securesystemslib."""

import base64
import binascii
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ringfence.custody.place import VaultPlace
from ringfence.custody.signer import ED25519, Algorithm, OutsideKey
from ringfence.errors import UsageError
from ringfence.keys import PublicKey

__all__ = ["open_vault"]


def open_vault(place: VaultPlace, *, wanted: frozenset[Algorithm]) -> OutsideKey[PublicKey]:
    """Return one version of a key, found by `VAULT_ADDR` and `VAULT_TOKEN` of the environment.

    Raise UsageError where library, server or key are not there.
    """
    try:
        import hvac
        from securesystemslib.signer import Signer, SSlibKey  # type: ignore[attr-defined]
    except ImportError:
        hint = "install `ringfence[vault]`"
        raise UsageError("keys of Vault need hvac and securesystemslib", help=hint) from None
    try:
        answer: Any = hvac.Client().secrets.transit.read_key(place.name)
    except Exception as error:  # of hvac and requests, whose text may show the request
        hint = "check `VAULT_ADDR`, `VAULT_TOKEN` and the key's name"
        raise UsageError(f"Vault does not answer: {type(error).__name__}", help=hint) from None
    public = _public_of(answer, version=place.version, wanted=wanted)
    # transit hashes with SHA-256 and writes ECDSA in DER unless it is told otherwise
    signer = Signer.from_priv_key_uri(place.uri, SSlibKey.from_crypto(public))
    return OutsideKey(public, "Vault", lambda data: bytes.fromhex(signer.sign(data).signature))


def _public_of(answer: Any, *, version: int, wanted: frozenset[Algorithm]) -> PublicKey:
    try:
        data = answer["data"]
        if data["type"] not in wanted:
            raise ValueError
        text = data["keys"][str(version)]["public_key"]
        if data["type"] == ED25519:
            return Ed25519PublicKey.from_public_bytes(base64.b64decode(text))
        found = load_pem_public_key(text.encode())
        if not isinstance(found, ec.EllipticCurvePublicKey):
            raise ValueError
    except (AttributeError, KeyError, TypeError, ValueError, UnsupportedAlgorithm, binascii.Error):
        kinds = " or ".join(sorted(wanted))
        hint = f"make one with the key type {kinds}"
        raise UsageError(f"Vault has no such version of a key for {kinds}", help=hint) from None
    return found
