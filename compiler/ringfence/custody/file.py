"""Sign with a private key that is at hand, as one read from a file is."""

from dataclasses import dataclass
from typing import overload

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.custody.signer import P256Signer, SigningKey, low_s
from ringfence.errors import UsageError
from ringfence.keys import PrivateKey, PublicKey

__all__ = ["P256FileKey", "signer_of"]


@dataclass(frozen=True, slots=True)
class P256FileKey:
    """A key on P-256 that signs the same bytes alike each time (RFC 6979), where OpenSSL can do it."""

    private: ec.EllipticCurvePrivateKey

    def __post_init__(self) -> None:
        if not isinstance(self.private.curve, ec.SECP256R1):
            raise UsageError(
                f"a key on curve {self.private.curve.name} cannot sign here",
                help="make one with `ringfence keygen --type es256`",
            )

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key."""
        return self.private.public_key()

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature in DER, with a low s."""
        return low_s(self.private.sign(data, _ecdsa()))


@overload
def signer_of(key: ec.EllipticCurvePrivateKey | P256Signer) -> P256Signer: ...
@overload
def signer_of(key: PrivateKey | SigningKey[PublicKey]) -> SigningKey[PublicKey]: ...
def signer_of(key: PrivateKey | SigningKey[PublicKey]) -> SigningKey[PublicKey]:
    """Return what signs with a private key, or the signer itself; raise UsageError for another curve."""
    return P256FileKey(key) if isinstance(key, ec.EllipticCurvePrivateKey) else key


def _ecdsa() -> ec.ECDSA:
    try:
        return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        return ec.ECDSA(hashes.SHA256())
