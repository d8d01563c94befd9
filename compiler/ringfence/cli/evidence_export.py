"""`ringfence evidence export`: records of a ledger as a package that an outsider can verify."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence_output import form_option, print_json
from ringfence.cli.evidence_trust import FILE, TrustOptions, claimed_origin, trust_options
from ringfence.cli.passphrase import passphrase_options

if TYPE_CHECKING:
    from ringfence.export.selection import Selection

__all__ = ["export_records"]


@click.command("export")
@click.argument("ledger", type=click.Path(file_okay=False, path_type=Path))
@click.option("--profile", type=click.Choice(["operator"]), default="operator", show_default=True)
@click.option(
    "--tenant", "tenants", required=True, multiple=True, help="Whose records; repeatable."
)
@click.option("--from", "start", metavar="N|TIME", help="The first position, or time (RFC 3339).")
@click.option("--to", "end", metavar="N|TIME", help="The position or time that is not taken.")
@click.option("--id", "ids", multiple=True, help="Only what names this decision, trace or run.")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder, or a new file that ends in .tar.",
)
@click.option(
    "--signing-key",
    required=True,
    type=FILE,
    help="The private key for packages: Ed25519 or P-256.",
)
@click.option(
    "--view",
    "views",
    multiple=True,
    type=click.Choice(["ocsf", "cef", "ecs", "openinference"]),
    help="A view that goes along, derived from the records; repeatable.",
)
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    type=FILE,
    help="The archive of a policy bundle that decided, of these tenants only; repeatable.",
)
@click.option(
    "--sources",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The policy repository, whose YAML of the platform and these tenants goes along.",
)
@click.option(
    "--timestamp-url",
    help="A timestamp authority (RFC 3161) that stamps the checkpoint; needs --tsa.",
)
@click.option("--tsa", type=FILE, help="The authority's root certificate that you trust, in PEM.")
@click.option("--exporter", default="", help="Who exports, for the statement.")
@trust_options
@passphrase_options
@form_option
def export_records(
    *,
    ledger: Path,
    profile: str,
    tenants: tuple[str, ...],
    start: str | None,
    end: str | None,
    ids: tuple[str, ...],
    output: Path,
    signing_key: Path,
    views: tuple[str, ...],
    bundles: tuple[Path, ...],
    sources: Path | None,
    timestamp_url: str | None,
    tsa: Path | None,
    exporter: str,
    trust: TrustOptions,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Export records of a LEDGER, once it is verified, with all that it takes to check them elsewhere.

    A package holds the records as they were hashed, their proofs, the checkpoint with its cosignatures,
    the public keys, summaries for people, and a signed in-toto Statement over every file. Its VERIFY.md
    checks it with openssl, Go or Python. `--pinned` lets it lead on from checkpoints that its reader has
    kept. Another tenant's record is never in it.

    \b
    Example:
      ringfence evidence export ledger --tenant acme --from 2026-11-01T00:00:00Z -o acme.tar \\
          --signing-key package.key.pem --key log.vkey
    """
    from ringfence.evidence.folder import write_new
    from ringfence.export.archive import pack
    from ringfence.export.build import package_files
    from ringfence.export.folder import write_folder
    from ringfence.export.package_key import PackageSigner
    from ringfence.export.policy import source_files
    from ringfence.export.predicate import Exporter
    from ringfence.export.request import ExportRequest
    from ringfence.export.selection import select
    from ringfence.keys import load_private, read_passphrase

    selection = _selection(tenants, start=start, end=end, ids=ids)
    passphrase = read_passphrase(file=passphrase_file, variable=passphrase_env)
    signer = PackageSigner(load_private(signing_key, passphrase=passphrase))
    trusted = trust.read(origin=claimed_origin(ledger))
    selected = select(ledger, selection, trust=trusted)
    request = ExportRequest(
        profile=profile,
        selection=selection,
        exporter=Exporter(name=exporter, by="ledger"),
        timestamp=_stamped(selected.chain.note, url=timestamp_url, tsa=tsa),
        views=views,
        bundles=tuple(path.read_bytes() for path in bundles),
        files=source_files(sources, tenants=selection.tenants) if sources else {},
        witnesses=trusted.quorum.keys if trusted.quorum else (),
    )
    files = package_files(
        selected, ledger=ledger, request=request, pinned=trusted.pinned, signer=signer
    )
    if output.name.endswith(".tar"):
        write_new(output, pack(files))
    else:
        write_folder(output, files)
    said = {
        "package": str(output), "origin": selected.chain.checkpoint.origin,
        "records": len(selected.records), "withheld": selected.withheld,
        "tree_size": selected.chain.checkpoint.size, "files": len(files),
        "package_key": signer.public.keyid,
    }  # fmt: skip
    if form == "json":
        print_json(said)
        return
    click.echo(
        f"exported {said['records']} of {said['tree_size']} records to {output}\n"
        f"  origin {said['origin']}\n  signed by package key {said['package_key']}"
    )


def _stamped(note: bytes, *, url: str | None, tsa: Path | None) -> bytes | None:
    """Return an authority's token over the checkpoint, where one is asked for; raise UsageError."""
    from ringfence.cli.evidence_verify_export import trusted_authority
    from ringfence.errors import UsageError
    from ringfence.timestamp.asking import ask_timestamp

    if url is None and tsa is None:
        return None
    if url is None or tsa is None:
        hint = "pass both: whose timestamps are trusted is not the authority's to say"
        raise UsageError("--timestamp-url and --tsa belong together", help=hint)
    return ask_timestamp(note, url=url, trusted=trusted_authority(tsa))


def _selection(
    tenants: tuple[str, ...], *, start: str | None, end: str | None, ids: tuple[str, ...]
) -> "Selection":
    from ringfence.export.selection import Selection

    return Selection(
        tenants=frozenset(tenants), start=_end(start), end=_end(end), ids=frozenset(ids)
    )


def _end(text: str | None) -> int | datetime | None:
    """Read a position or a time; raise UsageError."""
    from ringfence.errors import UsageError

    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 17:
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        hint = "write a position, or a time as in 2026-11-01T00:00:00Z"
        raise UsageError(f"`{text}` is neither a position nor a time with an offset", help=hint)
    return found
