"""`ringfence evidence view`: verified records in a form that other systems read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence.personal import named_store, store_options
from ringfence.cli.evidence.trust import FILE, TrustOptions, claimed_origin, trust_options

if TYPE_CHECKING:
    from ringfence.ledger.search import Placed

__all__ = ["view_records"]


@click.command("view")
@click.argument("source", metavar="PACKAGE|LEDGER", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["jsonl", "ocsf", "cef", "ecs", "openinference"]),
    help="`jsonl` is the records' exact bytes; the others are derived.",
)
@click.option("--tenant", "tenants", multiple=True, help="Whose records of a ledger; repeatable.")
@click.option(
    "--package-key", type=FILE, help="The public key of whoever exported the package, in PEM."
)
@click.option("--identity", type=FILE, help="The private key of age, for an encrypted package.")
@store_options
@trust_options
def view_records(
    *,
    source: Path,
    form: str,
    tenants: tuple[str, ...],
    package_key: Path | None,
    identity: Path | None,
    personal_store: Path | None,
    personal_key: Path | None,
    trust: TrustOptions,
) -> None:
    """Print records of an exported PACKAGE, or of a tenant in a LEDGER, once they are verified.

    Each line but those of `jsonl` carries the index and leaf hash by which it leads back to its record.
    `ocsf`, `ecs` and `openinference` hold decisions with a time only; what is left out is counted on
    standard error. A view proves nothing by itself. With `--personal-store`, names that are kept apart
    are shown in the derived forms.

    \b
    Examples:
      ringfence evidence view acme.tar --format cef --key log.vkey --package-key package.pub.pem
      ringfence evidence view ledger --format ocsf --tenant acme --key log.vkey
    """
    from ringfence.errors import UsageError
    from ringfence.personal.shown import shown_records
    from ringfence.views.table import VIEWS

    found, origin = _records(
        source, tenants=tenants, package_key=package_key, identity=identity, trust=trust
    )
    if personal_store is not None or personal_key is not None:
        if form == "jsonl":
            hint = "choose another form, or use `evidence inspect`"
            raise UsageError(
                "`jsonl` is the records' exact bytes, which hold no such text", help=hint
            )
        with named_store(personal_store, personal_key, read_only=True) as store:
            found = shown_records(found, store) if store is not None else found
    shown = 0
    for line in VIEWS[form].lines(found, origin=origin):
        sys.stdout.buffer.write(line)
        shown += 1
    sys.stdout.buffer.flush()
    if shown < len(found):
        click.echo(f"{len(found) - shown} records have no place in `{form}`", err=True)


def _records(
    source: Path,
    *,
    tenants: tuple[str, ...],
    package_key: Path | None,
    identity: Path | None,
    trust: TrustOptions,
) -> "tuple[tuple[Placed, ...], str]":
    """Return the verified records, and their log's origin; raise UsageError and VerifyError."""
    from ringfence.cli.evidence.verify_export import ExportTrust, export_verifier
    from ringfence.errors import UsageError
    from ringfence.export.selection import Selection, select
    from ringfence.ledger.about import ABOUT

    if (source / ABOUT).exists():
        if not tenants or package_key is not None:
            hint = "pass --tenant, and no --package-key"
            raise UsageError("a view of a ledger is of one tenant, or some", help=hint)
        selection = Selection(tenants=frozenset(tenants))
        chosen = select(source, selection, trust=trust.read(origin=claimed_origin(source)))
        return chosen.records, chosen.chain.checkpoint.origin
    if tenants:
        raise UsageError("a package is of its tenants", help="leave out --tenant")
    more = ExportTrust(identity=identity)
    asked = export_verifier(source, trust, package_key=package_key, more=more)
    result = asked.verify(source)
    return result.records, result.checkpoint.origin
