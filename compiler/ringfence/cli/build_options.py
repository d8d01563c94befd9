"""The command line of `build`, and the keys that it names."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from ringfence.errors import UsageError
from ringfence.keys import load_private, public_pem, read_passphrase, thumbprint

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
    signing_key: Path | None
    keyid: str
    live_key: Path | None
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


@dataclass(frozen=True, slots=True)
class BundleKey:
    """A signing key, its id, and its public half in PEM."""

    key: EllipticCurvePrivateKey
    keyid: str
    pem: str


def load_key(options: BuildOptions, path: Path | None, keyid: str) -> BundleKey | None:
    """Load a key; raise UsageError for one that OPA could not verify bundles with."""
    if path is None:
        return None
    key = load_private(path, passphrase=read_passphrase(file=options.passphrase_file))
    if not isinstance(key, EllipticCurvePrivateKey):
        hint = "make one with `ringfence keygen --type es256`"
        raise UsageError(
            f"`{path}` is no P-256 key, and OPA verifies ES256 bundles only", help=hint
        )
    public = key.public_key()
    return BundleKey(key, keyid or thumbprint(public), public_pem(public))
