"""Cosignatures of witnesses with Ed25519 keys (c2sp.org/tlog-cosignature, "cosignature/v1")."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteSigner, decode_base64, split_note

__all__ = ["Cosignature", "WitnessKey", "cosign", "read_cosignatures"]

_COSIGNATURE: Final = b"\x04"
_MAX_TIME: Final = (1 << 63) - 1
_NAME = re.compile(r"[!-*,-~]{1,255}")
_VKEY = re.compile(r"([!-*,-~]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})")


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's public key under its name."""

    name: str
    key: Ed25519PublicKey

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise EvidenceError("RF915", "a witness has no name of visible ASCII without `+`")

    @property
    def id(self) -> bytes:
        """Return the four bytes that tell keys apart in signature lines."""
        content = self.name.encode() + b"\n" + _COSIGNATURE + self.key.public_bytes_raw()
        return hashlib.sha256(content).digest()[:4]

    @property
    def vkey(self) -> str:
        """Encode name, id and key as a C2SP verifier key."""
        key = base64.b64encode(_COSIGNATURE + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    @classmethod
    def of_vkey(cls, text: str) -> "WitnessKey":
        """Read what `vkey` writes; raise EvidenceError."""
        match = _VKEY.fullmatch(text)
        raw = decode_base64(match[3]) if match else None
        if match is None or raw is None or len(raw) != 33 or raw[:1] != _COSIGNATURE:
            raise EvidenceError("RF915", "not the verifier key of an Ed25519 witness")
        found = cls(match[1], Ed25519PublicKey.from_public_bytes(raw[1:]))
        if found.id.hex() != match[2]:
            raise EvidenceError("RF915", "the verifier key's id does not fit its key")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A verified statement of a witness: this tree was the newest it knew; `time` in epoch seconds."""

    key: WitnessKey
    time: int


def cosign(text: bytes, *, name: str, key: NoteSigner, time: int) -> bytes:
    """Return the signature line of a witness under a checkpoint's text."""
    witness = WitnessKey(name, key.public_key())
    signature = witness.id + time.to_bytes(8) + key.sign(_message(text, time))
    return f"— {name} ".encode() + base64.b64encode(signature) + b"\n"


def read_cosignatures(note: bytes, *, keys: Iterable[WitnessKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures of these witnesses; those of others are ignored.

    Raise VerifyError, RF953 where one claims to be of a known witness and is not.
    """
    text, lines = split_note(note)
    known = {(key.name, key.id): key for key in keys}
    found = []
    for name, key_id, raw in lines:
        if key := known.get((name, key_id)):
            found.append(Cosignature(key=key, time=_verified(key, raw, text)))
    return tuple(found)


def _verified(key: WitnessKey, raw: bytes, text: bytes) -> int:
    """Return the time of a cosignature once it has verified."""
    time = int.from_bytes(raw[:8])
    if len(raw) == 72 and time <= _MAX_TIME:
        try:
            key.key.verify(raw[8:], _message(text, time))
        except InvalidSignature:
            pass
        else:
            return time
    raise VerifyError("RF953", f"the cosignature of `{key.name}` does not fit")


def _message(text: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time + text
