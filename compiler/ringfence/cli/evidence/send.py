"""`ringfence evidence send`: deliver records to a running collector."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence.collector_options import CollectorOptions, collector_options
from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.trust import FILE

if TYPE_CHECKING:
    from ringfence.delivery.sending import Outcome
    from ringfence.evidence.records import Record

__all__ = ["send_records"]

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("send")
@click.argument("files", nargs=-1, type=_FILE)
@click.option(
    "--change",
    "changes",
    multiple=True,
    type=FILE,
    help="A file that build, test, replay or eval wrote with --result. May be repeated.",
)
@collector_options("--to")
@form_option
def send_records(
    *,
    files: tuple[Path, ...],
    changes: tuple[Path, ...],
    collector: CollectorOptions,
    form: str,
) -> None:
    """Send the records in FILES to a running collector, which keeps each once.

    A file holds one record a line, as its exact RFC 8785 bytes; `-` is standard input. Runs are signed by
    their runner; the collector's configuration says which kinds and tenants a token may deliver. What it
    answers for is on its disk, and the same file may be sent again: what it has is counted as a duplicate.
    A busy or absent collector is tried until `--deadline`.

    What is refused is reported by file and line, and the exit code is then 2. It is 1 where the collector
    could not be reached, or refused the request as a whole.

    \b
    Examples:
      ringfence evidence record run report.json --ledger ledger --key log.vkey --decision "$ID" \\
          --bundle runtime.tar.gz --runner pool-1 --runner-key pool-1.key.pem -o runs.jsonl
      ringfence evidence send runs.jsonl --to https://collector.example.com:8443 \\
          --token-file pool-1.token --ca collector-ca.pem
      ringfence evidence reconcile ledger --key log.vkey --gaps-to gaps.jsonl
      ringfence evidence send gaps.jsonl --to https://collector.example.com:8443 \\
          --token-file reconciler.token
    """
    from ringfence.change.read import read_any
    from ringfence.change.record import change_record
    from ringfence.delivery.reading import read_lines
    from ringfence.errors import UsageError
    from ringfence.evidence.delivered import read_delivered
    from ringfence.evidence.error import EvidenceError

    if not files and not changes:
        raise UsageError("there is nothing to send", help="name files of records, or --change")
    told = _Told([])
    results = [(str(path), change_record(read_any(path))) for path in changes]

    def records() -> "Iterator[Record]":
        for line in read_lines(files):
            try:
                record = read_delivered(line.data)
            except EvidenceError as error:
                told.refuse(line.place, error.code, error.message)
                continue
            told.places.append(line.place)
            yield record
        for place, record in results:
            told.places.append(place)
            yield record

    done = collector.sender(progress=told.progress).send(records())
    said = {"added": done.added, "duplicates": done.duplicates, "refused": told.refused}
    if form == "json":
        print_json(said)
    else:
        click.echo(
            f"added {done.added} records, {done.duplicates} were there already, "
            f"{told.refused} refused"
        )
    if told.refused:
        sys.exit(2)


@dataclass(slots=True)
class _Told:
    """What a person has been told; `places` are those of the records that were sent, in order."""

    places: list[str]
    refused: int = 0
    answered: int = 0

    def refuse(self, place: str, code: str, message: str) -> None:
        """Report a record that is not kept."""
        from ringfence.report.escape import escape_line

        self.refused += 1
        click.echo(escape_line(f"{place}: {code} {message}"), err=True)

    def progress(self, done: "Outcome") -> None:
        """Report what the collector has refused since the last batch, and at a terminal how far it is."""
        for one in done.refused[self.answered :]:
            self.refuse(self.places[one.number], one.code, one.message)
        self.answered = len(done.refused)
        if sys.stderr.isatty():
            click.echo(f"{done.answered} records answered for", err=True)
