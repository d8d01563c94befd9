"""C2SP signed notes (c2sp.org/signed-note v1.0.0) with Ed25519 keys."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.custody.signer import Ed25519Signer as NoteSigner
from ringfence.evidence.error import EvidenceError, VerifyError

__all__ = [
    "MAX_NOTE",
    "NoteKey",
    "NoteSigner",
    "OpenNote",
    "decode_base64",
    "is_log_name",
    "open_note",
    "sign_note",
    "split_note",
]

MAX_NOTE: Final = 1 << 20
MAX_SIGNATURES: Final = 100
_ED25519: Final = b"\x01"
# Ours are visible ASCII, so that no lookalike names the same log twice.
_OUR_NAME = re.compile(r"[!-*,-~]{1,255}")
_VKEY = re.compile(r"([!-*,-~]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A log's public key under its name."""

    name: str
    key: Ed25519PublicKey

    def __post_init__(self) -> None:
        if not _OUR_NAME.fullmatch(self.name):
            raise EvidenceError(
                "RF915",
                "the origin is no name of visible ASCII without spaces and `+`",
                help="write it as in `example.com/runners`",
            )

    @property
    def id(self) -> bytes:
        """Return the four bytes that tell keys apart in signature lines."""
        content = self.name.encode() + b"\n" + _ED25519 + self.key.public_bytes_raw()
        return hashlib.sha256(content).digest()[:4]

    @property
    def keyid(self) -> str:
        """Return name and id, which is how envelopes name the key."""
        return f"{self.name}+{self.id.hex()}"

    @property
    def vkey(self) -> str:
        """Encode name, id and key as Go's `note.NewVerifier` reads them."""
        key = base64.b64encode(_ED25519 + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Tell whether the signature is this key's over the content (RFC 8032)."""
        try:
            self.key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def of_vkey(cls, text: str) -> "NoteKey":
        """Read what `vkey` writes; raise EvidenceError."""
        match = _VKEY.fullmatch(text)
        raw = decode_base64(match[3]) if match else None
        if match is None or raw is None or len(raw) != 33 or raw[:1] != _ED25519:
            raise EvidenceError("RF915", "not the verifier key of an Ed25519 log key")
        found = cls(match[1], Ed25519PublicKey.from_public_bytes(raw[1:]))
        if found.id.hex() != match[2]:
            raise EvidenceError("RF915", "the verifier key's id does not fit its key")
        return found


@dataclass(frozen=True, slots=True)
class OpenNote:
    """A note whose signature by the trusted key is verified: its text, and that signature."""

    text: bytes
    signature: bytes


def sign_note(text: bytes, *, name: str, key: NoteSigner) -> bytes:
    """Return the text with one signature line; the text ends in a line feed."""
    signer = NoteKey(name, key.public_key())
    if not text.endswith(b"\n") or _CONTROL.search(text):
        raise EvidenceError("RF910", "a note's text is lines without control characters")
    signature = base64.b64encode(signer.id + key.sign(text))
    return text + f"\n— {name} ".encode() + signature + b"\n"


def open_note(data: bytes, *, key: NoteKey) -> OpenNote:
    """Return the note's text once the key's signature is verified; raise VerifyError.

    Signatures of other keys are ignored; every one that claims to be this key's must verify.
    """
    text, signatures = split_note(data)
    claimed = [found for name, key_id, found in signatures if (name, key_id) == (key.name, key.id)]
    if not claimed:
        raise VerifyError("RF922", "the checkpoint is not signed by the trusted key")
    if not all(key.verifies(signature, text) for signature in claimed):
        raise VerifyError("RF923", "the checkpoint's signature does not fit")
    return OpenNote(text, claimed[0])


def split_note(data: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """Return the text with its last line feed, and each signature's name, key id and bytes.

    Nothing is verified. Raise VerifyError (RF921).
    """
    end = data.rfind(b"\n\n")
    if len(data) > MAX_NOTE or end < 1 or not data.endswith(b"\n") or _CONTROL.search(data):
        raise _malformed()
    try:
        data[: end + 1].decode()
        lines = data[end + 2 : -1].decode().split("\n")
    except UnicodeDecodeError:
        raise _malformed() from None
    if len(lines) > MAX_SIGNATURES:
        raise _malformed()
    return data[: end + 1], [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = _LINE.fullmatch(line)
    raw = decode_base64(match[2]) if match else None
    if match is None or raw is None or len(raw) < 5:
        raise _malformed()
    return match[1], raw[:4], raw[4:]


def is_log_name(text: str) -> bool:
    """Tell whether a log of ours can have this name."""
    return _OUR_NAME.fullmatch(text) is not None


def decode_base64(text: str) -> bytes | None:
    """Return the bytes of standard base64 (RFC 4648, section 4) in its one encoding, or None."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _malformed() -> VerifyError:
    return VerifyError("RF921", "the checkpoint is not a signed note")
