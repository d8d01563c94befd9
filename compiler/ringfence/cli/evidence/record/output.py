"""Where `ringfence evidence record` writes: one record a line, in its exact bytes."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ringfence.evidence.error import EvidenceError
    from ringfence.evidence.records import Record

__all__ = ["finish", "now_text", "output_option"]

output_option: Callable[[Any], Any] = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for the records, one a line; standard output, if not told.",
)


def finish(
    records: "Sequence[Record]",
    *,
    output: Path | None,
    findings: "Sequence[tuple[str, EvidenceError]]" = (),
) -> None:
    """Write the records, and exit with 2 where a place has a finding.

    Without any record nothing is written. Raise EvidenceError where the file exists.
    """
    from ringfence.evidence.folder import write_new
    from ringfence.report.escape import escape_line

    for place, error in findings:
        click.echo(escape_line(f"{place}: {error.code} {error.message}"), err=True)
        click.echo(escape_line(f"help: {error.help}"), err=True)
    data = b"".join(record.data + b"\n" for record in records)
    if output is None:
        click.echo(data, nl=False)
    elif records:
        write_new(output, data)
        click.echo(f"wrote {len(records)} records to {output}")
    if findings:
        sys.exit(2)


def now_text() -> str:
    """Return the time as records have it, in UTC."""
    import time

    from ringfence.trust.written import timestamp

    return timestamp(int(time.time()))
