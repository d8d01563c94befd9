"""Sign with an Ed25519 key that a PKCS#11 token keeps (PKCS#11 v3.0, CKM_EDDSA)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.custody.place import TokenPlace
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError

if TYPE_CHECKING:
    from pkcs11 import Session

__all__ = ["TokenSigner"]

# A token's login is one for the whole process, so nobody may log out under another.
_LOGIN: Final = threading.Lock()
_OCTETS: Final = b"\x04\x20"
_RAW: Final = 32


class TokenSigner:
    """An Ed25519 private key on a token. Each signature opens a session, and is verified here."""

    def __init__(self, place: TokenPlace, *, pin: bytes) -> None:
        """Read the public key; raise UsageError where library, token, PIN or key are not there."""
        try:
            import pkcs11  # noqa: F401
        except ImportError:
            hint = "install `ringfence[hsm]`"
            raise UsageError("keys of PKCS#11 need the library python-pkcs11", help=hint) from None
        self._place = place
        try:
            self._pin = pin.decode()
            self._public = self._read_public()
        except EvidenceError as error:
            raise UsageError(error.message, help="check the URI and the PIN") from None
        except UnicodeDecodeError:
            raise UsageError("the PIN is no UTF-8", help="write it as text") from None

    def __repr__(self) -> str:
        return "TokenSigner()"

    def public_key(self) -> Ed25519PublicKey:
        """Return the public key."""
        return self._public

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature over the data (RFC 8032); raise EvidenceError (RF950)."""
        from pkcs11 import KeyType, Mechanism, ObjectClass, SignMixin

        with self._session() as session:
            key = session.get_key(
                ObjectClass.PRIVATE_KEY, KeyType.EC_EDWARDS, self._place.label, self._place.id
            )
            assert isinstance(key, SignMixin)
            signature = bytes(key.sign(data, mechanism=Mechanism.EDDSA))
        try:
            self._public.verify(signature, data)
        except InvalidSignature:
            raise EvidenceError(
                "RF950", "the token signed with another key than it showed"
            ) from None
        return signature

    def _read_public(self) -> Ed25519PublicKey:
        from pkcs11 import Attribute, KeyType, ObjectClass

        with self._session() as session:
            key = session.get_key(
                ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS, self._place.label, self._place.id
            )
            point = bytes(key[Attribute.EC_POINT])
        # PKCS#11 v3.0 wraps the point in an OCTET STRING; v2.40 drafts gave it bare.
        raw = point.removeprefix(_OCTETS) if len(point) == _RAW + len(_OCTETS) else point
        if len(raw) != _RAW:
            raise EvidenceError("RF950", "the token's key is no Ed25519 key")
        return Ed25519PublicKey.from_public_bytes(raw)

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
            raise EvidenceError("RF950", f"the token does not give its key: {said}") from None
