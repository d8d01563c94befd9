"""`ringfence evidence fsck`: check a ledger from its stored bytes."""

import base64
from pathlib import Path

import click

from ringfence.cli.evidence.output import form_option, print_json, print_not_shown
from ringfence.cli.evidence.trust import (
    TrustOptions,
    claimed_origin,
    trust_options,
    unasked,
)

__all__ = ["check_ledger"]

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("fsck")
@click.argument("ledger", type=_FOLDER)
@click.option(
    "--published-only",
    is_flag=True,
    help="Check tiles and checkpoint only: a copy without the writer's own files.",
)
@trust_options
@form_option
def check_ledger(*, ledger: Path, published_only: bool, trust: TrustOptions, form: str) -> None:
    """Build a LEDGER's tree anew from its records, and compare everything stored with it.

    It only reads. Frames and index are compared too, so nobody may write meanwhile; `--published-only`
    leaves them out. Exit code 4 where something does not fit.

    \b
    Example:
      ringfence evidence fsck ledger --key log.vkey --pinned checkpoint.kept
    """
    from ringfence.ledger.fsck import check_frames, check_index

    result = trust.read(origin=claimed_origin(ledger)).fsck(ledger)
    beyond = 0
    if not published_only:
        beyond = check_frames(ledger)
        check_index(ledger)
    not_shown = [*result.not_shown, *unasked(trust)]
    if published_only:
        not_shown.append("the writer's frames and index were not compared")
    if beyond:
        not_shown.append(f"{beyond} records are not yet under a checkpoint")
    root = base64.b64encode(result.checkpoint.root).decode()
    witnesses = [{"witness": one.key.name, "time": one.time} for one in result.cosignatures]
    if form == "json":
        print_json(
            {
                "verified": True, "origin": result.checkpoint.origin,
                "records": result.checkpoint.size, "root": root, "beyond_checkpoint": beyond,
                "keys": [key.vkey for key in result.keys], "cosignatures": witnesses,
                "not_shown": not_shown,
            }
        )  # fmt: skip
        return
    click.echo(f"verified {result.checkpoint.size} records\n  origin {result.checkpoint.origin}")
    click.echo(f"  root   {root}")
    for key in result.keys:
        click.echo(f"  key    {key.vkey}")
    for one in witnesses:
        click.echo(f"  cosigned by {one['witness']} at {one['time']}")
    print_not_shown(not_shown)
