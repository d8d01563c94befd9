"""Sign with an Ed25519 key of Vault's transit engine, through securesystemslib."""

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.custody.place import VaultPlace
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError

__all__ = ["VaultKey"]


class VaultKey:
    """One version of a key of Vault, found by `VAULT_ADDR` and `VAULT_TOKEN` of the environment."""

    def __init__(self, place: VaultPlace) -> None:
        """Read the version's public key; raise UsageError where library, server or key are not there."""
        try:
            import hvac
            from securesystemslib.signer import Signer, SSlibKey  # type: ignore[attr-defined]
        except ImportError:
            hint = "install `ringfence[vault]`"
            raise UsageError("keys of Vault need hvac and securesystemslib", help=hint) from None
        try:
            answer: Any = hvac.Client().secrets.transit.read_key(place.name)
            raw = base64.b64decode(answer["data"]["keys"][str(place.version)]["public_key"])
            self._public = Ed25519PublicKey.from_public_bytes(raw)
        except (KeyError, TypeError, ValueError, binascii.Error):
            hint = "make one with the key type `ed25519`"
            raise UsageError("Vault has no such version of an Ed25519 key", help=hint) from None
        except Exception as error:  # of hvac and requests, whose text may show the request
            hint = "check `VAULT_ADDR` and `VAULT_TOKEN`"
            raise UsageError(f"Vault does not answer: {type(error).__name__}", help=hint) from None
        self._signer = Signer.from_priv_key_uri(place.uri, SSlibKey.from_crypto(self._public))

    def public_key(self) -> Ed25519PublicKey:
        """Return the public key."""
        return self._public

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature over the data (RFC 8032); raise EvidenceError (RF950)."""
        try:
            signature = bytes.fromhex(self._signer.sign(data).signature)
            self._public.verify(signature, data)
        except InvalidSignature:
            raise EvidenceError("RF950", "Vault signed with another key than it showed") from None
        except Exception as error:  # of hvac and requests, whose text may show the request
            said = type(error).__name__
            raise EvidenceError("RF950", f"Vault does not sign: {said}") from None
        return signature
