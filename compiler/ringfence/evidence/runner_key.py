"""Public keys of runners, as PEM or C2SP verifier keys."""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey
from ringfence.keys import load_public

__all__ = ["read_runner_key"]

_MAX: Final = 4096
_HINT: Final = "make one with `ringfence keygen --type ed25519`"


def read_runner_key(name: str, *, file: Path) -> Ed25519PublicKey:
    """Return a runner's Ed25519 public key; raise UsageError.

    A verifier key (c2sp.org/signed-note) says whose it is, and must say this runner's name.
    """
    try:
        text = file.read_bytes()[:_MAX].decode().strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read `{file}`", help=_HINT) from None
    if text.startswith("-----"):
        key = load_public(file)
        if not isinstance(key, Ed25519PublicKey):
            raise UsageError(f"`{file}` is no Ed25519 key", help=_HINT)
        return key
    try:
        found = NoteKey.of_vkey(text)
    except (EvidenceError, VerifyError, UsageError):
        raise UsageError(f"`{file}` is no public key of a runner", help=_HINT) from None
    if found.name != name:
        raise UsageError(
            f"`{file}` is the key of another than `{name}`", help="name it as its key does"
        )
    return found.key
