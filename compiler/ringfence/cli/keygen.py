"""`ringfence keygen`: make signing keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from ringfence.keys import PublicKey


@click.command()
@click.option(
    "--type",
    "kind",
    type=click.Choice(["es256", "ed25519"]),
    required=True,
    help="es256 signs bundles; ed25519 signs approvals, exceptions and evidence.",
)
@click.option(
    "--out",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to write into.",
)
@click.option(
    "--name", help="The files' name before `.key.pem` and `.pub.pem`; the type unless given."
)
@click.option("--keyid", help="The key id; the thumbprint of the public key unless given.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Encrypt the private key under this file's first line.",
)
@click.option(
    "--passphrase-env",
    default="",
    metavar="NAME",
    help="Encrypt it under the value of this environment variable.",
)
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(
    *,
    kind: Literal["es256", "ed25519"],
    out: Path,
    name: str | None,
    keyid: str | None,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Make a signing key, and print where it is and its key id.

    The key id is the thumbprint of the public key (RFC 7638) unless `--keyid` names another; it
    stands in no file, so pass the same one to `build`. Existing files are never replaced.
    """
    import json

    from ringfence.keys import public_jwk, read_passphrase, thumbprint

    _check_keyid(keyid)
    passphrase = read_passphrase(file=passphrase_file, variable=passphrase_env)
    name = kind if name is None else name
    key, private, public = _make(kind, out=out, name=name, passphrase=passphrase)
    keyid, jwk = keyid or thumbprint(key), public_jwk(key)
    entry = _trust_key(keyid, x=jwk["x"]) if kind == "ed25519" else ""
    if form == "json":
        found = {"type": kind, "private": str(private), "public": str(public), "keyid": keyid}
        extra = {"trust_root": entry} if entry else {}
        click.echo(json.dumps({**found, "jwk": jwk, **extra}, indent=2, sort_keys=True))
        return
    click.echo(f"private key: {private}\npublic key:  {public}\nkey id:      {keyid}")
    if entry:
        click.echo(f"\nunder `spec.keys` of a TrustRoot:\n\n{entry}", nl=False)


def _make(
    kind: Literal["es256", "ed25519"], *, out: Path, name: str, passphrase: bytes | None
) -> tuple["PublicKey", Path, Path]:
    """Make a key and write both halves; return the public one and the two paths."""
    import re

    from ringfence.errors import UsageError
    from ringfence.keys import generate, write_private, write_public

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(
            f"`{name}` is not a name for a key", help="use letters, digits, `.`, `_` and `-`"
        )
    private, public = out / f"{name}.key.pem", out / f"{name}.pub.pem"
    if public.exists():
        raise UsageError(f"`{public}` exists", help="choose another name; keys are not replaced")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder `{out}`: {error.strerror}", help="name another one"
        ) from None
    key = generate(kind)
    write_private(private, key, passphrase=passphrase)
    write_public(public, key.public_key())
    return key.public_key(), private, public


def _check_keyid(keyid: str | None) -> None:
    """Raise UsageError for a key id that a TrustRoot would refuse."""
    import re

    from ringfence.errors import UsageError

    if keyid is not None and not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", keyid):
        raise UsageError(
            f"`{keyid}` is not a key id", help="use up to 64 letters, digits, `.`, `_` and `-`"
        )


def _trust_key(keyid: str, *, x: str) -> str:
    """Write the key as an entry of a TrustRoot, for whoever holds it to complete."""
    from datetime import UTC, datetime, timedelta

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin, end = (f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in (today, today + timedelta(days=365)))
    return (
        f'- kid: "{keyid}"\n'
        f'  public: "{x}"\n'
        "  identity: user:someone@example.com  # who holds the private key\n"
        "  uses: [approval, exception]\n"
        '  tenants: ["*"]\n'
        '  environments: ["*"]\n'
        f'  not_before: "{begin}"\n'
        f'  not_after: "{end}"\n'
    )
