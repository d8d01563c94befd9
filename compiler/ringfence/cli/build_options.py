"""The command line of `build`, and the keys that it names."""

from dataclasses import dataclass
from pathlib import Path

from ringfence.cli.signing_key import p256_key
from ringfence.custody.signer import P256Signer
from ringfence.keys import public_pem, thumbprint

__all__ = ["BuildOptions", "BundleKey", "load_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The command line of `build`."""

    root: Path
    now: int
    output: Path
    release: str
    environment: str
    tenants: tuple[str, ...]
    slices: bool
    signing_key: str | Path | None
    keyid: str
    live_key: str | Path | None
    passphrase_file: Path | None
    unsafe_unsigned: bool
    serial: int | None
    live_hours: int
    service_url: str
    logs_url: str
    unpack: bool
    record: bool
    form: str
    result: Path | None = None
    passphrase_env: str = ""


@dataclass(frozen=True, slots=True)
class BundleKey:
    """A signing key, its id, and its public half in PEM."""

    key: P256Signer
    keyid: str
    pem: str


def load_key(options: BuildOptions, place: str | Path | None, keyid: str) -> BundleKey | None:
    """Open a key on P-256, for ES256; raise UsageError."""
    if place is None:
        return None
    key = p256_key(place, file=options.passphrase_file, variable=options.passphrase_env)
    public = key.public_key()
    return BundleKey(key, keyid or thumbprint(public), public_pem(public))
