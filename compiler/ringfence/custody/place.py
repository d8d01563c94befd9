"""Where a private key is kept: a file, or a URI that names it without any secret."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from ringfence.errors import UsageError

__all__ = [
    "CloudPlace",
    "TokenPlace",
    "VaultPlace",
    "is_key_uri",
    "read_cloud",
    "read_token",
    "read_vault",
]

_SCHEME = re.compile(r"(pkcs11|hv|hsm|awskms|azurekms|gcpkms|gnupg|tkey):", re.IGNORECASE)
_VAULT = re.compile(r"hv:([A-Za-z0-9_.-]{1,128})/([1-9][0-9]{0,8})")
# Keys of clouds, as securesystemslib names them, and what it is given to find one.
_CLOUD: Final = {
    "awskms": (
        re.compile(
            r"awskms:((?:arn:aws[a-z-]{0,16}:kms:[a-z0-9-]{1,32}:[0-9]{12}:(?:key|alias)/|alias/)?"
            r"[A-Za-z0-9/_-]{1,256})"
        ),
        "write `awskms:` and the key's id, alias/NAME or ARN",
    ),
    "gcpkms": (
        re.compile(
            r"gcpkms:(projects/[A-Za-z0-9.:-]{1,128}/locations/[A-Za-z0-9-]{1,64}/keyRings/[\w-]{1,63}"
            r"/cryptoKeys/[\w-]{1,63}/cryptoKeyVersions/[1-9][0-9]{0,8})",
            re.ASCII,
        ),
        "write `gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`",
    ),
    "azurekms": (
        re.compile(
            r"azurekms://([A-Za-z0-9-]{3,24})\.vault\.azure\.net/keys/([A-Za-z0-9-]{1,127})/[0-9a-f]{32}"
        ),
        "write `azurekms://VAULT.vault.azure.net/keys/KEY/VERSION`",
    ),
}
_PATH: Final = {"token", "object", "id"}
_QUERY: Final = {"module-path"}
_FORM: Final = "write `pkcs11:token=LABEL;object=LABEL?module-path=/path/to/module.so`"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """A key on a PKCS#11 token: the module's path, the token's label, the key's label or id."""

    module: str
    token: str
    label: str | None = None
    id: bytes | None = None


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """One version of a key of Vault's transit engine."""

    name: str
    version: int

    @property
    def uri(self) -> str:
        """Return the URI as securesystemslib writes it."""
        return f"hv:{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class CloudPlace:
    """A key of a cloud's key service: the URI, its scheme, and what the service knows the key by."""

    scheme: str
    uri: str
    name: tuple[str, ...]


def is_key_uri(text: str) -> bool:
    """Tell whether a text names a key by one of the known URI schemes, and not a file."""
    return _SCHEME.match(text) is not None


def read_token(uri: str) -> TokenPlace:
    """Read a PKCS#11 URI (RFC 7512); raise UsageError, which never shows the URI.

    Only `token`, `object`, `id` and `module-path` are taken. A PIN stands in no URI.
    """
    path, _, query = uri.partition(":")[2].partition("?")
    named = _attributes(path, separator=";", known=_PATH)
    named |= _attributes(query, separator="&", known=_QUERY)
    if not named.get("token") or not (named.get("object") or named.get("id")):
        raise UsageError("a PKCS#11 URI needs `token`, and `object` or `id`", help=_FORM)
    if not named.get("module-path", b"").startswith(b"/"):
        raise UsageError("a PKCS#11 URI needs a `module-path` from the root", help=_FORM)
    try:
        return TokenPlace(
            module=named["module-path"].decode(),
            token=named["token"].decode(),
            label=named["object"].decode() if "object" in named else None,
            id=named.get("id"),
        )
    except UnicodeDecodeError:
        raise UsageError("a label in a PKCS#11 URI is no UTF-8", help=_FORM) from None


def read_vault(uri: str) -> VaultPlace:
    """Read `hv:NAME/VERSION`; raise UsageError."""
    match = _VAULT.fullmatch(uri)
    if match is None:
        raise UsageError("a key of Vault is named by `hv:NAME/VERSION`", help="such as `hv:log/1`")
    return VaultPlace(match[1], int(match[2]))


def read_cloud(uri: str) -> CloudPlace:
    """Read a URI of `awskms:`, `gcpkms:` or `azurekms:`; raise UsageError, which never shows it."""
    scheme = uri.partition(":")[0].lower()
    form, hint = _CLOUD[scheme]
    match = form.fullmatch(uri)
    if match is None:
        raise UsageError(f"the URI names no key of `{scheme}:`", help=hint)
    return CloudPlace(scheme, uri, match.groups())


def _attributes(text: str, *, separator: str, known: set[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in text.split(separator) if text else ():
        name, _, value = one.partition("=")
        if name in {"pin-value", "pin-source"}:
            hint = "pass `--passphrase-file` or `--passphrase-env`"
            raise UsageError("a PKCS#11 URI must not lead to its PIN", help=hint)
        if name not in known or name in found:
            raise UsageError("a PKCS#11 URI has an attribute twice or an unknown one", help=_FORM)
        found[name] = unquote_to_bytes(value)
    return found
