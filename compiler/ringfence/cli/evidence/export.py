"""`ringfence evidence export`: records of a ledger as a package that an outsider can verify."""

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence.collector_options import CollectorOptions, collector_options
from ringfence.cli.evidence.export_policy import PolicyOptions
from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.personal import named_store, store_options
from ringfence.cli.evidence.trust import FILE, TrustOptions, claimed_origin, trust_options
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.export.selection import Selection

__all__ = ["export_records"]


@click.command("export")
@click.argument("ledger", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--profile",
    type=click.Choice(["operator", "enterprise"]),
    default="operator",
    show_default=True,
    help="`enterprise` is under an export policy, and tells how controls stand.",
)
@click.option("--policy", type=FILE, help="The export policy, YAML; for the enterprise profile.")
@click.option("--region", default="", help="Where the package goes, by the policy's names.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="age1…",
    help="Encrypt to this public key of age; repeatable.",
)
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
    help="A new folder, or a new file that ends in .tar, or .tar.age if it is encrypted.",
)
@click.option(
    "--signing-key",
    required=True,
    type=KEY,
    help="The private key for packages, Ed25519 or P-256: PEM, or its URI (pkcs11:, hv:, awskms:, gcpkms:, azurekms:).",
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
@click.option(
    "--record",
    is_flag=True,
    help="First put a record of the export into the ledger, which no collector may have open then, "
    "or with --collector into the one that has.",
)
@collector_options("--collector")
@click.option("--exporter", default="", help="Who exports, as the policy or the reader knows them.")
@store_options
@trust_options
@passphrase_options
@form_option
def export_records(
    *,
    ledger: Path,
    profile: str,
    policy: Path | None,
    region: str,
    recipients: tuple[str, ...],
    tenants: tuple[str, ...],
    start: str | None,
    end: str | None,
    ids: tuple[str, ...],
    output: Path,
    signing_key: str | Path,
    views: tuple[str, ...],
    bundles: tuple[Path, ...],
    sources: Path | None,
    timestamp_url: str | None,
    tsa: Path | None,
    record: bool,
    collector: CollectorOptions,
    exporter: str,
    personal_store: Path | None,
    personal_key: Path | None,
    trust: TrustOptions,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Export records of a LEDGER, once it is verified, with all that it takes to check them elsewhere.

    A package holds the records as they were hashed, their proofs, the checkpoint with its cosignatures,
    the public keys, summaries for people, and a signed in-toto Statement over every file. Its VERIFY.md
    checks it with openssl, Go or Python. `--pinned` lets it lead on from checkpoints that its reader has
    kept. Another tenant's record is never in it. With `--personal-store` the exporter's name in the
    ledger's record of the export is kept apart; no text or name of the store is ever exported.

    \b
    Example:
      ringfence evidence export ledger --tenant acme --from 2026-11-01T00:00:00Z -o acme.tar \\
          --signing-key package.key.pem --key log.vkey
    """
    from ringfence.cli.signing_key import signing_key as open_signing_key
    from ringfence.errors import UsageError
    from ringfence.export.build import package_files
    from ringfence.export.event import export_events, kept_apart, record_export
    from ringfence.export.package_key import PackageSigner
    from ringfence.export.policy import source_files
    from ringfence.export.request import ExportRequest
    from ringfence.export.selection import select

    options = PolicyOptions(
        profile=profile, policy=policy, exporter=exporter, region=region, recipients=recipients,
        output=output, record=record,
    )  # fmt: skip
    options.require_form()
    if collector.url is not None and not record:
        raise UsageError("--collector says nothing without --record", help="pass both")
    selection = _selection(tenants, start=start, end=end, ids=ids)
    signer = PackageSigner(
        open_signing_key(signing_key, file=passphrase_file, variable=passphrase_env)
    )
    export_policy, by = options.allowed(
        key=signer.public.keyid, tenants=selection.tenants, views=views,
        asks=timestamp_url is not None,
    )  # fmt: skip
    trusted = trust.read(origin=claimed_origin(ledger))
    selected = select(ledger, selection, trust=trusted)
    archives = tuple(path.read_bytes() for path in bundles)
    more, extra = options.parts(
        export_policy, selected, bundles=archives, tenants=selection.tenants
    )
    request = ExportRequest(
        profile=profile,
        selection=selection,
        exporter=by,
        timestamp=_stamped(selected.chain.note, url=timestamp_url, tsa=tsa),
        views=views,
        bundles=archives,
        files=more | (source_files(sources, tenants=selection.tenants) if sources else {}),
        extra=extra,
        witnesses=trusted.quorum.keys if trusted.quorum else (),
    )
    files = package_files(
        selected, ledger=ledger, request=request, pinned=trusted.pinned, signer=signer
    )
    if record:
        events = export_events(
            files, request=request, key=signer.public.keyid,
            size=selected.chain.checkpoint.size, now=time.time(),
        )  # fmt: skip
        with named_store(personal_store, personal_key) as store:
            if collector.url is None:
                record_export(ledger, events, store=store)
            else:
                collector.hand_over(kept_apart(events, store=store))
    _write(output, files, recipients=recipients)
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


def _write(output: Path, files: dict[str, bytes], *, recipients: tuple[str, ...]) -> None:
    """Write a folder, an archive, or an encrypted one, of which nothing reaches the disk in the clear."""
    from ringfence.evidence.folder import write_new
    from ringfence.export.archive import pack
    from ringfence.export.encryption import encrypt
    from ringfence.export.folder import write_folder

    if recipients:
        write_new(output, encrypt(pack(files), recipients=recipients))
    elif output.name.endswith(".tar"):
        write_new(output, pack(files))
    else:
        write_folder(output, files)


def _stamped(note: bytes, *, url: str | None, tsa: Path | None) -> bytes | None:
    """Return an authority's token over the checkpoint, where one is asked for; raise UsageError."""
    from ringfence.cli.evidence.verify_export import trusted_authority
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
