"""Sign by ECDSA on P-256 with a key of a cloud's key service, through securesystemslib's signers."""

import logging
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ringfence.custody.place import CloudPlace
from ringfence.custody.signer import OutsideKey
from ringfence.errors import UsageError

__all__ = ["open_cloud"]

_SCHEME: Final = "ecdsa-sha2-nistp256"
_HOLDERS: Final = {"awskms": "AWS KMS", "gcpkms": "Google Cloud KMS", "azurekms": "Azure Key Vault"}


def open_cloud(place: CloudPlace) -> OutsideKey[ec.EllipticCurvePublicKey]:
    """Return the key, found with the credentials that the service's own library finds.

    Raise UsageError where library, credentials or key are not there.
    """
    holder = _HOLDERS[place.scheme]
    try:
        import securesystemslib.signer as signers
        from securesystemslib.exceptions import UnsupportedAlgorithmError, UnsupportedLibraryError
    except ImportError:
        raise _needs(place, holder) from None
    # The library logs the key's name and the service's answer, which errors of ours never show.
    logging.getLogger("securesystemslib.signer").setLevel(logging.CRITICAL + 1)
    try:
        public, make = _opened(signers, place, other=UnsupportedAlgorithmError)
    except UsageError:
        raise
    except UnsupportedLibraryError:
        raise _needs(place, holder) from None
    except UnsupportedAlgorithmError:
        hint = "make one on P-256 for signing; securesystemslib has no other of use here"
        raise UsageError(f"{holder} has no ECDSA key on P-256 there", help=hint) from None
    except Exception as error:  # of the service's library, whose text may show the request
        hint = f"check the key's name, the region, and the credentials for {holder}"
        raise UsageError(f"{holder} does not answer: {type(error).__name__}", help=hint) from None
    return OutsideKey(public, holder, make)


def _opened(
    library: Any, place: CloudPlace, *, other: type[Exception]
) -> tuple[ec.EllipticCurvePublicKey, Callable[[bytes], bytes]]:
    """Return the public key and what signs; raise `other` where it is not on P-256."""
    uri, shown = _import(library, place)
    if uri.lower() != place.uri.lower():
        hint = "Key Vault's newest version is another one: name that"
        raise UsageError("the key's version is not the one that signs", help=hint)
    public = load_pem_public_key(shown.keyval["public"].encode())
    # AWS signs by ECDSA_SHA_256 on secp256k1 too, which the library takes for P-256
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(
        public.curve, ec.SECP256R1
    ):
        raise other
    signer = library.Signer.from_priv_key_uri(place.uri, shown)
    return public, lambda data: bytes.fromhex(signer.sign(data).signature)


def _import(library: Any, place: CloudPlace) -> tuple[str, Any]:
    """Return the URI and the public key as the service shows them."""
    ways: dict[str, Callable[[], tuple[str, Any]]] = {
        "awskms": lambda: library.AWSSigner.import_(*place.name, _SCHEME),
        "gcpkms": lambda: library.GCPSigner.import_(*place.name),
        "azurekms": lambda: library.AzureSigner.import_(*place.name),
    }
    return ways[place.scheme]()


def _needs(place: CloudPlace, holder: str) -> UsageError:
    return UsageError(
        f"keys of {holder} need securesystemslib and the service's library",
        help=f"install `ringfence[{place.scheme}]`",
    )
