"""The key that signs packages: Ed25519, or ECDSA on P-256 with SHA-256, in one form of signature."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from ringfence.custody.file import signer_of
from ringfence.custody.signer import P256_ORDER, SigningKey
from ringfence.keys import PrivateKey, PublicKey, public_pem, thumbprint

__all__ = ["PackageKey", "PackageSigner"]


@dataclass(frozen=True, slots=True)
class PackageKey:
    """A package's public key; its id in envelopes is its JWK thumbprint (RFC 7638)."""

    key: PublicKey

    @property
    def keyid(self) -> str:
        """Return the id."""
        return thumbprint(self.key)

    @property
    def pem(self) -> bytes:
        """Return the key in PEM."""
        return public_pem(self.key).encode()

    @property
    def is_ed25519(self) -> bool:
        """Tell whether it is an Ed25519 key, and none on P-256."""
        return isinstance(self.key, Ed25519PublicKey)

    def verifies(self, signature: bytes, content: bytes, /) -> bool:
        """Tell whether the signature is this key's (RFC 8032; FIPS 186-5 in DER, with a low s).

        ECDSA has two valid values of s; only one is taken, so that nobody can alter a signature.
        """
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, content)
                return True
            r, s = decode_dss_signature(signature)
            if 2 * s > P256_ORDER or encode_dss_signature(r, s) != signature:
                return False
            self.key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PackageSigner:
    """A package's private key.

    A key in a file gives the same signature for the same content (RFC 6979 for ECDSA); ECDSA keys that
    are kept elsewhere give another one each time.
    """

    private: PrivateKey | SigningKey[PublicKey]

    @property
    def public(self) -> PackageKey:
        """Return the public key."""
        return PackageKey(self.private.public_key())

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature that `PackageKey.verifies` takes; raise EvidenceError (RF999)."""
        return signer_of(self.private).sign(data)
