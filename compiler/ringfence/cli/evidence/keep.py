"""`ringfence evidence keep`: what opens the commitments of signed runs, into a personal store."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.personal import open_store, store_options
from ringfence.cli.evidence.trust import FILE

if TYPE_CHECKING:
    from ringfence.personal.commitment import Opening

__all__ = ["keep_texts"]


@click.command("keep")
@click.argument("records", nargs=-1, required=True, type=FILE)
@click.option(
    "--texts",
    required=True,
    type=FILE,
    help="The file that `evidence record run --texts-to` wrote; destroy it afterwards.",
)
@store_options
@form_option
def keep_texts(
    *,
    records: tuple[Path, ...],
    texts: Path,
    personal_store: Path | None,
    personal_key: Path | None,
    form: str,
) -> None:
    """Keep the texts of signed runs in a personal store, where they can be shown and erased.

    RECORDS are files of runs, one a line. A text is kept for the tenant of the run that commits to it, in
    this month, and for whoever gave the approval; one to which no run commits is a finding, and the exit
    code is 2. What was erased is not kept again.

    \b
    Example:
      ringfence evidence keep runs.jsonl --texts runs.texts \\
          --personal-store personal --personal-key personal.key
    """
    from ringfence.cli.evidence.reconcile_input import read_runs
    from ringfence.personal.run_texts import keep_openings

    runs, openings = read_runs(records), _read(texts)
    store = open_store(personal_store, personal_key)
    try:
        found = keep_openings(runs, openings, store=store, now=time.time())
    finally:
        store.close()
    for number in found.unknown:
        click.echo(f"{texts}:{number + 1}: no run commits to this text", err=True)
    unknown = len(found.unknown)
    if form == "json":
        print_json({"kept": found.kept, "erased": found.erased, "unknown": unknown})
    else:
        click.echo(f"kept {found.kept} texts, {found.erased} were erased, {unknown} unknown")
    if unknown:
        sys.exit(2)


def _read(file: Path) -> "list[Opening]":
    """Return the openings of a file; raise UsageError, which shows none of it."""
    from ringfence.errors import UsageError
    from ringfence.evidence.error import EvidenceError
    from ringfence.personal.commitment import Opening

    found = []
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            found.append(Opening.decode(line))
        except EvidenceError:
            hint = "pass the file that `evidence record run --texts-to` wrote"
            raise UsageError(f"{file}:{number}: opens no commitment", help=hint) from None
    return found
