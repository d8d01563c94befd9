"""`ringfence evidence send`: deliver records to a running collector."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.collector_options import CollectorOptions, collector_options
from ringfence.cli.evidence_output import form_option, print_json

if TYPE_CHECKING:
    from ringfence.delivery.sending import Outcome
    from ringfence.evidence.records import Record

__all__ = ["send_records"]

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("send")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@collector_options("--to")
@form_option
def send_records(*, files: tuple[Path, ...], collector: CollectorOptions, form: str) -> None:
    """Send the records in FILES to a running collector, which keeps each once.

    A file holds one record a line, as its exact RFC 8785 bytes; `-` is standard input. Runs are signed by
    their runner; the collector's configuration says which kinds and tenants a token may deliver. What it
    answers for is on its disk, and the same file may be sent again: what it has is counted as a duplicate.
    A busy or absent collector is tried until `--deadline`.

    What is refused is reported by file and line, and the exit code is then 2. It is 1 where the collector
    could not be reached, or refused the request as a whole.

    \b
    Examples:
      ringfence evidence send runs.jsonl --to https://collector.example.com:8443 \\
          --token-file pool-1.token --ca collector-ca.pem
      ringfence evidence reconcile ledger --key log.vkey --gaps-to gaps.jsonl
      ringfence evidence send gaps.jsonl --to https://collector.example.com:8443 \\
          --token-file reconciler.token
    """
    from ringfence.delivery.reading import read_lines
    from ringfence.evidence.delivered import read_delivered
    from ringfence.evidence.error import EvidenceError
    from ringfence.report.escape import escape_line

    places: list[str] = []
    refused: list[str] = []

    def records() -> "Iterator[Record]":
        for line in read_lines(files):
            try:
                record = read_delivered(line.data)
            except EvidenceError as error:
                refused.append(f"{line.place}: {error.code} {error.message}")
                continue
            places.append(line.place)
            yield record

    done = collector.sender(progress=_progress).send(records())
    refused += [f"{places[one.number]}: {one.code} {one.message}" for one in done.refused]
    for one in refused:
        click.echo(escape_line(one), err=True)
    said = {"added": done.added, "duplicates": done.duplicates, "refused": len(refused)}
    if form == "json":
        print_json(said)
    else:
        click.echo(
            f"added {done.added} records, {done.duplicates} were there already, "
            f"{len(refused)} refused"
        )
    if refused:
        sys.exit(2)


def _progress(done: "Outcome") -> None:
    """Tell a person at a terminal how far it is."""
    if sys.stderr.isatty():
        click.echo(f"{done.answered} records answered for", err=True)
