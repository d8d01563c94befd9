"""A private key that signs, wherever it is kept, and the one form of its signatures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from ringfence.evidence.error import EvidenceError
from ringfence.keys import PublicKey

__all__ = [
    "ECDSA_P256",
    "ED25519",
    "P256_ORDER",
    "Algorithm",
    "Ed25519Signer",
    "OutsideKey",
    "P256Signer",
    "SigningKey",
    "algorithm_of",
    "der_of_raw",
    "low_s",
    "raw_of_der",
]

Algorithm = Literal["ed25519", "ecdsa-p256"]
ED25519: Final = "ed25519"
ECDSA_P256: Final = "ecdsa-p256"
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256 (FIPS 186-5; SEC 2, section 2.4.2)."""
_HALF: Final = 32  # bytes of r, and of s

Public_co = TypeVar("Public_co", bound=PublicKey, covariant=True)


class SigningKey(Protocol[Public_co]):
    """A private key. Its public key tells the algorithm: Ed25519, or ECDSA on P-256 with SHA-256."""

    def public_key(self) -> Public_co:
        """Return the public key."""
        ...

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature: RFC 8032's 64 bytes, or ECDSA's in DER with a low s (FIPS 186-5).

        Raise EvidenceError (RF999) where the key is kept elsewhere and does not sign.
        """
        ...


Ed25519Signer = SigningKey[Ed25519PublicKey]
P256Signer = SigningKey[ec.EllipticCurvePublicKey]


def algorithm_of(public: PublicKey) -> Algorithm:
    """Return the algorithm of a public key."""
    return ED25519 if isinstance(public, Ed25519PublicKey) else ECDSA_P256


@dataclass(frozen=True, slots=True)
class OutsideKey(Generic[Public_co]):
    """A key kept outside files: `make` asks `holder`, named as in messages, for a signature.

    Nothing is passed on that the public key does not verify.
    """

    public: Public_co
    holder: str
    make: Callable[[bytes], bytes]

    def __repr__(self) -> str:
        return f"OutsideKey({self.holder})"

    def public_key(self) -> Public_co:
        """Return the public key that the holder showed."""
        return self.public

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature as `SigningKey` says; raise EvidenceError (RF999)."""
        public: PublicKey = self.public
        try:
            made = self.make(data)
            if isinstance(public, Ed25519PublicKey):
                public.verify(made, data)
                return made
            made = low_s(made)
            public.verify(made, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            said = f"{self.holder} signed with another key than it showed"
            raise EvidenceError("RF999", said) from None
        except EvidenceError:
            raise
        except Exception as error:  # of the holder's library, whose text may show the request
            said = f"{self.holder} does not sign: {type(error).__name__}"
            raise EvidenceError("RF999", said) from None
        return made


def low_s(der: bytes) -> bytes:
    """Return the one of ECDSA's two signatures whose s is low; raise ValueError for no signature.

    Both are valid. Only one is ever written, so that nobody can alter a signature.
    """
    r, s = decode_dss_signature(der)
    return encode_dss_signature(r, min(s, P256_ORDER - s))


def raw_of_der(der: bytes) -> bytes:
    """Return r and s as 32 bytes each (RFC 7518, section 3.4)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def der_of_raw(raw: bytes) -> bytes:
    """Return the DER form of r and s; raise ValueError where they are not 32 bytes each."""
    if len(raw) != 2 * _HALF:
        raise ValueError("not r and s of P-256")
    return encode_dss_signature(
        int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
    )
