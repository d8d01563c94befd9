"""Packages encrypted with age (age-encryption.org/v1, X25519): nobody but a recipient can open them."""

import os
import tempfile
from pathlib import Path
from typing import Final

import pyrage

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.package import Limits
from ringfence.export.archive import PackageArchive, begins_with
from ringfence.export.layout import REQUIRED

__all__ = ["decrypted_archive", "encrypt", "is_encrypted"]

_HEAD: Final = b"age-encryption.org/v1\n"


def encrypt(archive: bytes, *, recipients: tuple[str, ...]) -> bytes:
    """Return the archive under a fresh key that each recipient (`age1…`) can open.

    Raise EvidenceError (RF975) for what is no recipient. The bytes differ each time.
    """
    try:
        keys = [pyrage.x25519.Recipient.from_str(one) for one in recipients]
    except pyrage.RecipientError:
        raise EvidenceError("RF975", "a recipient is no public key of age") from None
    return bytes(pyrage.encrypt(archive, keys))


def is_encrypted(path: Path) -> bool:
    """Tell whether a file begins as one that age has written."""
    return begins_with(path, _HEAD)


def decrypted_archive(path: Path, *, identity: Path, limits: Limits) -> PackageArchive:
    """Open an encrypted package; its content is kept in memory, or in a file without a name.

    Raise VerifyError: RF978 where the identity does not open it, RF935 to RF938 as for any archive.
    """
    try:
        keys = [
            pyrage.x25519.Identity.from_str(line)
            for line in identity.read_text(encoding="ascii").split("\n")
            if line.startswith("AGE-SECRET-KEY-1")
        ]
        with path.open("rb") as stream:
            sealed = stream.read(limits.total + 1)
        if len(sealed) > limits.total:
            raise VerifyError("RF938", "the package is too large")
        content = bytes(pyrage.decrypt(sealed, keys))
    except (OSError, ValueError, pyrage.IdentityError, pyrage.DecryptError):
        raise VerifyError("RF978", "the identity does not open the package") from None
    return PackageArchive(_nameless(content), limits=limits, required=REQUIRED)


def _nameless(content: bytes) -> int:
    """Return the descriptor of a file that no path leads to."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("package", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    with os.fdopen(os.dup(handle), "wb") as stream:
        stream.write(content)
    return handle
