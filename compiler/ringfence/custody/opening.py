"""Open the private key that signs checkpoints, wherever it is kept."""

from ringfence.custody.place import read_token, read_vault
from ringfence.errors import UsageError
from ringfence.evidence.note import NoteSigner

__all__ = ["open_key"]


def open_key(uri: str, *, pin: bytes | None) -> NoteSigner:
    """Return the Ed25519 key that a URI names; raise UsageError, which never shows URI or PIN.

    `pkcs11:` (RFC 7512) leads to a token, whose PIN is `pin`; `hv:` to Vault, as securesystemslib names
    it. The other schemes of securesystemslib give no Ed25519 signatures of plain bytes.
    """
    scheme = uri.partition(":")[0].lower()
    if scheme == "pkcs11":
        from ringfence.custody.token import TokenSigner

        place = read_token(uri)
        if pin is None:
            hint = "pass `--passphrase-file` or `--passphrase-env`"
            raise UsageError("a PKCS#11 token needs its PIN", help=hint)
        return TokenSigner(place, pin=pin)
    if scheme == "hv":
        from ringfence.custody.vault import VaultKey

        return VaultKey(read_vault(uri))
    hint = "use `pkcs11:…` for an HSM, `hv:…` for Vault, or an Ed25519 key in a file"
    raise UsageError(f"keys of `{scheme}:` cannot sign a checkpoint, which is Ed25519", help=hint)
