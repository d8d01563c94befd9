"""Encrypt keys and values of the store (AES-256-GCM, NIST SP 800-38D), and name subjects."""

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError

__all__ = ["Sealing", "make_secret", "read_secret"]

_SIZE: Final = 32
_NONCE: Final = 12
_HEAD: Final = "ringfence-personal-key/v1 "


class Sealing:
    """Seals and opens under one key; what is derived for one purpose serves no other."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(hmac.digest(key, b"seal", "sha256"))
        self._tags = hmac.digest(key, b"tag", "sha256")

    def seal(self, data: bytes, *, about: bytes) -> bytes:
        """Encrypt; `about` is authenticated with it."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._aead.encrypt(nonce, data, about)

    def open(self, sealed: bytes, *, about: bytes) -> bytes:
        """Decrypt; raise EvidenceError (RF916)."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except (InvalidTag, ValueError):
            said = "the personal store was altered, or its key is another"
            raise EvidenceError("RF916", said) from None

    def tag(self, *parts: str) -> bytes:
        """Return what is one for these texts, and tells them to nobody without the key."""
        encoded = [part.encode() for part in parts]
        content = b"".join(len(data).to_bytes(4) + data for data in encoded)
        return hmac.digest(self._tags, content, "sha256")


def make_secret(path: Path) -> bytes:
    """Write a new random key that its owner alone can read; raise UsageError where the file exists."""
    key = secrets.token_bytes(_SIZE)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(f"{_HEAD}{key.hex()}\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        hint = "name a file that is not there yet"
        raise UsageError(f"cannot write `{path}`: {error.strerror}", help=hint) from None
    return key


def read_secret(path: Path) -> bytes:
    """Read what `make_secret` wrote; raise UsageError, which never shows the content."""
    try:
        text = path.read_text(encoding="ascii")
        key = bytes.fromhex(text.removeprefix(_HEAD)) if text.startswith(_HEAD) else b""
    except (OSError, ValueError):
        key = b""
    if len(key) != _SIZE:
        hint = "make one with `ringfence evidence init-personal`"
        raise UsageError(f"`{path}` holds no key of a personal store", help=hint)
    return key
