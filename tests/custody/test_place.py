"""Facts about how keys outside files are named."""

import builtins
import contextlib
import importlib
from collections.abc import Mapping
from typing import Any

import pytest

from ringfence.custody.opening import open_ed25519, open_key, open_p256
from ringfence.custody.place import TokenPlace, is_key_uri, read_cloud, read_token, read_vault
from ringfence.errors import UsageError

MODULE = "module-path=/usr/lib/m.so"
SECRET = "pin-canary"
GCP = "gcpkms:projects/p-1/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3"
AZURE = "azurekms://our-vault.vault.azure.net/keys/packages/" + "0a" * 16


def test_a_token_uri_is_read_by_its_attributes() -> None:
    """RFC 7512: percent-encoding, path and query attributes."""
    found = read_token(f"pkcs11:token=My%20HSM;object=log;id=%01%ff?{MODULE}")
    expected = TokenPlace(module="/usr/lib/m.so", token="My HSM", label="log", id=b"\x01\xff")
    assert found == expected


@pytest.mark.parametrize(
    "uri",
    [
        f"pkcs11:token=a;object=b?{MODULE}&pin-value={SECRET}",
        f"pkcs11:token=a;object=b?{MODULE}&pin-source=file:/{SECRET}",
        f"pkcs11:token=a;object={SECRET};object=b?{MODULE}",
        f"pkcs11:token=a?{MODULE}&{SECRET}",
        f"pkcs11:object={SECRET}?{MODULE}",
        f"pkcs11:token={SECRET}?{MODULE}",
        f"pkcs11:token=a;object={SECRET}",
        f"pkcs11:token=a;object={SECRET}?module-path=relative.so",
        f"pkcs11:token=a;object={SECRET}%ff?{MODULE}",
        f"pkcs11:token=a;object=b?{MODULE}",
        f"hv:{SECRET}",
        f"hv:a/{SECRET}",
        f"hv:../{SECRET}/1",
        f"awskms:{SECRET} ",
        f"awskms:arn:aws:s3:eu-west-1:123456789012:key/{SECRET}",
        f"gcpkms:{SECRET}",
        f"{GCP}/{SECRET}",
        f"azurekms:{SECRET}",
        f"azurekms://{SECRET}.example.com/keys/k/{'0a' * 16}",
        f"azurekms://{SECRET}.vault.azure.net.example.com/keys/k/{'0a' * 16}",
        f"hsm:{SECRET}",
    ],
)
def test_a_bad_uri_is_refused_and_never_shown(uri: str) -> None:
    """A PIN in a URI, what is missing, and schemes without Ed25519 are refused without a word of it."""
    assert is_key_uri(uri)
    for opening in (open_ed25519, open_key):
        with pytest.raises(UsageError) as caught:
            opening(uri, secret=None)
        assert SECRET not in f"{caught.value.message} {caught.value.help} {caught.value}"


def test_a_file_is_no_uri() -> None:
    """A path without one of the schemes stays a path."""
    assert not is_key_uri("keys/log.key.pem")
    assert not is_key_uri("C:log.pem")
    assert read_vault("hv:log/12").uri == "hv:log/12"


@pytest.mark.parametrize(
    ("uri", "library", "extra"),
    [
        (f"pkcs11:token=a;object=b?{MODULE}", "pkcs11", "ringfence[hsm]"),
        ("hv:log/1", "hvac", "ringfence[vault]"),
        ("awskms:alias/packages", "securesystemslib", "ringfence[awskms]"),
        (GCP, "securesystemslib", "ringfence[gcpkms]"),
        (AZURE, "securesystemslib", "ringfence[azurekms]"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(
    uri: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries are asked for when a key needs them, and the message says what to install."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Mapping[str, Any]) -> Any:
        if name.split(".", maxsplit=1)[0] == library:
            raise ImportError(name)
        return real(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError) as caught:
        open_key(uri, secret=b"1")
    assert extra in caught.value.help


def test_clouds_keys_are_named_as_their_library_names_them() -> None:
    """A URI leads to what the service knows the key by, and a cloud's host is Azure's own."""
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1a-2b"
    for uri, name in (
        ("awskms:1a-2b", ("1a-2b",)),
        ("awskms:alias/log/x_y", ("alias/log/x_y",)),
        (f"awskms:{arn}", (arn,)),
        (GCP, (GCP.removeprefix("gcpkms:"),)),
        (AZURE, ("our-vault", "packages")),
    ):
        found = read_cloud(uri)
        assert (found.uri, found.name) == (uri, name)


@pytest.mark.parametrize("uri", [GCP, AZURE, "awskms:alias/packages"])
def test_clouds_sign_nothing_that_needs_ed25519(uri: str) -> None:
    """It is said before the service is asked, and the URI is not shown."""
    with pytest.raises(
        UsageError, match="sign by ECDSA, and what is signed here needs Ed25519"
    ) as caught:
        open_ed25519(uri, secret=None)
    assert uri not in f"{caught.value.message} {caught.value.help}"


@pytest.mark.parametrize(
    ("uri", "library", "extra"),
    [
        (GCP, "google.cloud.kms", "ringfence[gcpkms]"),
        (AZURE, "azure.keyvault.keys", "ringfence[azurekms]"),
    ],
)
def test_a_services_library_that_is_not_installed_is_named(
    uri: str, library: str, extra: str
) -> None:
    """Where securesystemslib is there without it, the message says what to install."""
    pytest.importorskip("securesystemslib", reason="securesystemslib is not installed")
    with contextlib.suppress(ImportError):
        importlib.import_module(library)
        pytest.skip(f"{library} is installed")
    with pytest.raises(UsageError) as caught:
        open_p256(uri, secret=None)
    assert extra in caught.value.help
