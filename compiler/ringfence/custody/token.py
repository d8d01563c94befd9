"""Sign with a key that a PKCS#11 token keeps: Ed25519 (CKM_EDDSA, v3.0), or P-256 (CKM_ECDSA, v2.40)."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.custody.place import TokenPlace
from ringfence.custody.signer import (
    ECDSA_P256,
    ED25519,
    Algorithm,
    OutsideKey,
    algorithm_of,
    der_of_raw,
)
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.keys import PublicKey

if TYPE_CHECKING:
    from pkcs11 import KeyType, Object, Session

__all__ = ["open_token"]

# A token's login is one for the whole process, so nobody may log out under another.
_LOGIN: Final = threading.Lock()
_P256: Final = bytes.fromhex("06082a8648ce3d030107")  # OBJECT IDENTIFIER 1.2.840.10045.3.1.7
_RAW: Final = {ED25519: 32, ECDSA_P256: 65}  # bytes of a public point


def open_token(
    place: TokenPlace, *, pin: bytes | None, wanted: frozenset[Algorithm]
) -> OutsideKey[PublicKey]:
    """Return the token's key; raise UsageError where library, token, PIN or key are not there.

    Each signature opens a session, and logs out after it.
    """
    if pin is None:
        hint = "pass `--passphrase-file` or `--passphrase-env`"
        raise UsageError("a PKCS#11 token needs its PIN", help=hint)
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        hint = "install `ringfence[hsm]`"
        raise UsageError("keys of PKCS#11 need the library python-pkcs11", help=hint) from None
    try:
        token = _Token(place, pin=pin.decode())
        public = token.read_public(wanted)
    except EvidenceError as error:
        raise UsageError(error.message, help="check the URI and the PIN") from None
    except UnicodeDecodeError:
        raise UsageError("the PIN is no UTF-8", help="write it as text") from None
    algorithm = algorithm_of(public)
    return OutsideKey(public, "the token", lambda data: token.sign(data, algorithm=algorithm))


class _Token:
    """Sessions with a token, whose PIN nothing shows."""

    def __init__(self, place: TokenPlace, *, pin: str) -> None:
        self._place, self._pin = place, pin

    def read_public(self, wanted: frozenset[Algorithm]) -> PublicKey:
        """Return the public key; raise EvidenceError where none is found, or more than one."""
        from pkcs11 import Attribute, ObjectClass

        with self._session() as session:
            named: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PUBLIC_KEY}
            if self._place.label is not None:
                named[Attribute.LABEL] = self._place.label
            if self._place.id is not None:
                named[Attribute.ID] = self._place.id
            found = [
                _public_of(one, algorithm)
                for algorithm in sorted(wanted)
                for one in session.get_objects(named | {Attribute.KEY_TYPE: _kind(algorithm)})
            ]
        if len(found) > 1:
            raise EvidenceError("RF999", "the token has several such keys")
        if not found or found[0] is None:
            kinds = " or ".join(sorted(wanted))
            raise EvidenceError("RF999", f"the token has no such key for {kinds}")
        return found[0]

    def sign(self, data: bytes, *, algorithm: Algorithm) -> bytes:
        """Return the signature, ECDSA's in DER; raise EvidenceError."""
        from pkcs11 import Mechanism, ObjectClass, SignMixin

        with self._session() as session:
            key = session.get_key(
                ObjectClass.PRIVATE_KEY, _kind(algorithm), self._place.label, self._place.id
            )
            assert isinstance(key, SignMixin)
            if algorithm == ED25519:
                return bytes(key.sign(data, mechanism=Mechanism.EDDSA))
            # The digest is made here: tokens of PKCS#11 v2.40 need not know CKM_ECDSA_SHA256.
            digest = hashlib.sha256(data).digest()
            return der_of_raw(bytes(key.sign(digest, mechanism=Mechanism.ECDSA)))

    @contextmanager
    def _session(self) -> "Iterator[Session]":
        """Log in; what the module says is named by its kind alone, since it may repeat what it got."""
        import pkcs11

        try:
            with _LOGIN:
                token = pkcs11.lib(self._place.module).get_token(token_label=self._place.token)
                with token.open(user_pin=self._pin) as session:
                    yield session
        except pkcs11.PKCS11Error as error:
            said = type(error).__name__
            raise EvidenceError("RF999", f"the token does not give its key: {said}") from None


def _kind(algorithm: Algorithm) -> "KeyType":
    from pkcs11 import KeyType

    return KeyType.EC_EDWARDS if algorithm == ED25519 else KeyType.EC


def _public_of(key: "Object", algorithm: Algorithm) -> PublicKey | None:
    """Return the public key of an object, or None where it is on another curve."""
    from pkcs11 import Attribute

    point, size = bytes(key[Attribute.EC_POINT]), _RAW[algorithm]
    # PKCS#11 wraps the point in an OCTET STRING; drafts of v2.40 gave it bare.
    raw = point.removeprefix(bytes((0x04, size))) if len(point) == size + 2 else point
    if len(raw) != size:
        return None
    if algorithm == ED25519:
        return Ed25519PublicKey.from_public_bytes(raw)
    if bytes(key[Attribute.EC_PARAMS]) != _P256:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return None
