"""`ringfence evidence`: seal decision logs and verify what was sealed."""

import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.passphrase import passphrase_options

if TYPE_CHECKING:
    from ringfence.evidence.note import NoteKey

__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FORM = click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)


@click.group()
def command() -> None:
    """Seal decision logs and verify what was sealed."""


@command.command("seal")
@click.argument("logs", nargs=-1, required=True, type=_FILE)
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="The package's folder; new or empty.",
)
@click.option("--key", required=True, type=_FILE, help="The log's Ed25519 private key, PEM.")
@click.option("--origin", required=True, help="The log's name, such as example.com/runners.")
@click.option(
    "--facts",
    default="",
    metavar="NAMES",
    help="Facts to copy, by dotted name, with commas; all others are only named.",
)
@passphrase_options
@_FORM
def seal_logs(
    *,
    logs: tuple[Path, ...],
    output: Path,
    key: Path,
    origin: str,
    facts: str,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Seal the decisions of OPA decision LOGS into a package that an outsider can verify.

    Logs are gzip or plain: uploads (JSON arrays), JSON lines, console lines. What cannot be sealed is
    reported by file and line, and the rest is sealed; the exit code is then 2.

    \b
    Example:
      ringfence evidence seal decisions.jsonl.gz -o package --key log.key.pem \\
          --origin example.com/runners --facts runner.class,runner.size
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ringfence.errors import UsageError
    from ringfence.evidence.ingest import Tally, decision_records
    from ringfence.evidence.seal import seal
    from ringfence.keys import load_private, read_passphrase
    from ringfence.replay.logs import read_events
    from ringfence.report.escape import escape_line

    passphrase = read_passphrase(file=passphrase_file, variable=passphrase_env)
    private = load_private(key, passphrase=passphrase)
    if not isinstance(private, Ed25519PrivateKey):
        hint = "make one with `ringfence keygen --type ed25519`"
        raise UsageError(f"`{key}` is no Ed25519 key", help=hint)
    allowed = frozenset(name.strip() for name in facts.split(",") if name.strip())
    tally = Tally()
    records = decision_records(read_events(logs), allowed_facts=allowed, tally=tally)
    sealed = seal(records, out=output, origin=origin, key=private)
    for finding in tally.findings:
        click.echo(escape_line(f"{finding.place}: {finding.code} {finding.message}"), err=True)
    root = base64.b64encode(sealed.root).decode()
    said: dict[str, Any] = {
        "package": str(sealed.path), "origin": sealed.origin, "records": sealed.size, "root": root,
        "key": sealed.key, "kinds": dict(sealed.kinds), "duplicates": tally.duplicates,
        "conflicts": tally.conflicts, "refused": tally.refused,
    }  # fmt: skip
    if form == "json":
        click.echo(json.dumps(said, indent=2, sort_keys=True))
    else:
        click.echo(
            f"sealed {sealed.size} records in {sealed.path}\n  origin {sealed.origin}\n"
            f"  root   {root}\n  key    {sealed.key}\n  {tally.duplicates} duplicates dropped, "
            f"{tally.conflicts} conflicts, {tally.refused} findings"
        )
    if tally.refused:
        sys.exit(2)


@command.command("verify")
@click.argument("folder", metavar="PACKAGE", type=click.Path(path_type=Path))
@click.option(
    "--key",
    required=True,
    type=_FILE,
    help="The log's public key that you trust: PEM, or a C2SP verifier key.",
)
@click.option("--origin", help="The log that it must be of; a verifier key says it too.")
@_FORM
def verify_package(*, folder: Path, key: Path, origin: str | None, form: str) -> None:
    """Verify a package from its stored bytes, with the key that you trust.

    Exit code 4 where it is not verified. Never take the key from the package itself.

    \b
    Example:
      ringfence evidence verify package --key log.pub.pem --origin example.com/runners
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ringfence.errors import UsageError
    from ringfence.evidence.verify import Verifier
    from ringfence.keys import load_public

    trusted = _vkey(key)
    public = trusted.key if trusted else load_public(key)
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"`{key}` is no Ed25519 key", help="pass the log's public key")
    if trusted and origin not in (None, trusted.name):
        raise UsageError("--origin is not the name of the verifier key", help="leave it out")
    expected = trusted.name if trusted else origin
    result = Verifier(trusted_key=public, origin=expected).verify(folder)
    root = base64.b64encode(result.root).decode()
    if form == "json":
        said = {
            "verified": True, "origin": result.origin, "records": result.size, "root": root,
            "key": result.key, "kinds": dict(result.kinds), "files": result.files,
            "not_shown": list(result.not_shown),
        }  # fmt: skip
        click.echo(json.dumps(said, indent=2, sort_keys=True))
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in result.kinds.items())
    click.echo(f"verified {result.size} records ({kinds}) in {result.files} files")
    click.echo(f"  origin {result.origin}\n  root   {root}\n  key    {result.key}\nnot shown:")
    click.echo("\n".join(f"  - {one}" for one in result.not_shown))


def _vkey(path: Path) -> "NoteKey | None":
    """Read a C2SP verifier key, None where the file holds something else."""
    from ringfence.errors import UsageError
    from ringfence.evidence.note import NoteKey

    try:
        text = path.read_bytes()[:4096].decode().strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read `{path}`", help="pass a public key") from None
    return None if text.startswith("-----") else NoteKey.of_vkey(text)
