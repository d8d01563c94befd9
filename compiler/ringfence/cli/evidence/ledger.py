"""`ringfence evidence init` and `append`: a ledger in a folder, written without a service."""

import base64
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.personal import PersonalOptions, personal_options
from ringfence.cli.evidence.trust import FILE
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.ledger.publication import Published

__all__ = ["append_logs", "init_ledger"]

_FOLDER = click.Path(file_okay=False, path_type=Path)
_KEY = click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    type=KEY,
    help="The log's Ed25519 private key: PEM, or its URI (pkcs11:, hv:); during a rotation both.",
)
_STATE = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file elsewhere that remembers what was signed, so that an old backup is found out.",
)


@click.command("init")
@click.argument("ledger", type=_FOLDER)
@click.option("--origin", required=True, help="The log's name, such as example.com/runners.")
@_KEY
@_STATE
@passphrase_options
@form_option
def init_ledger(
    *,
    ledger: Path,
    origin: str,
    keys: tuple[str | Path, ...],
    state: Path | None,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Make a ledger in a new folder, and publish its first checkpoint.

    \b
    Example:
      ringfence evidence init ledger --origin example.com/runners --key log.key.pem
    """
    from ringfence.cli.signing_key import ed25519_keys
    from ringfence.evidence.note import NoteKey
    from ringfence.ledger.settings import Settings
    from ringfence.ledger.store import Ledger

    signers = ed25519_keys(keys, file=passphrase_file, variable=passphrase_env)
    settings = Settings(keys=signers, state=state)
    made = Ledger.create(ledger, origin=origin, settings=settings)
    try:
        published = made.checkpoint()
    finally:
        made.close()
    vkey = NoteKey(origin, settings.keys[0].public_key()).vkey
    if form == "json":
        print_json({"ledger": str(ledger), "key": vkey, **_said(published)})
        return
    click.echo(f"made {ledger}\n  origin {origin}\n  key    {vkey}")


@click.command("append")
@click.argument("ledger", type=_FOLDER)
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=FILE,
    help="An OPA decision log: gzip or plain, arrays or lines. May be repeated.",
)
@click.option(
    "--change",
    "changes",
    multiple=True,
    type=FILE,
    help="A file that build, test, replay or eval wrote with --result. May be repeated.",
)
@click.option(
    "--record",
    "records",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A file of records that others made, one a line; - is standard input. May be repeated.",
)
@click.option(
    "--runner",
    "runners",
    multiple=True,
    metavar="NAME=FILE",
    help="A runner whose runs among the records count, and its Ed25519 public key. May be repeated.",
)
@click.option(
    "--facts",
    default="",
    metavar="NAMES",
    help="Facts to copy, by dotted name, with commas; all others are only named.",
)
@_KEY
@_STATE
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="OPERATOR=FILE",
    help="Who runs a witness that must cosign, and the file with its C2SP verifier key.",
)
@click.option(
    "--witness-url",
    "urls",
    multiple=True,
    metavar="NAME=URL",
    help="Where a witness, by the name in its key, is asked.",
)
@click.option("--quorum", type=click.IntRange(1), help="How many must cosign; all, if not told.")
@click.option("--log-operator", default="", help="Who runs the log; needed with --witness.")
@click.option(
    "--unsafe-own-operator",
    is_flag=True,
    help="Take a quorum that the log's own operator could meet alone.",
)
@personal_options
@passphrase_options
@form_option
def append_logs(
    *,
    ledger: Path,
    logs: tuple[Path, ...],
    changes: tuple[Path, ...],
    records: tuple[Path, ...],
    runners: tuple[str, ...],
    facts: str,
    keys: tuple[str | Path, ...],
    state: Path | None,
    witnesses: tuple[str, ...],
    urls: tuple[str, ...],
    quorum: int | None,
    log_operator: str,
    unsafe_own_operator: bool,
    personal: PersonalOptions,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Append decisions of OPA decision logs, changes and records to a LEDGER, and publish a checkpoint.

    Each decision stands once: what comes again is counted, and another record under a known id leaves a
    conflict record. Nobody has authenticated who delivered a file, so records name no principal; the
    collector does that. Of personal facts the ledger holds commitments, and `--personal-store` the values;
    without one they are withheld. What cannot be taken is reported by file and line, and the exit code is 2.

    --record takes what `ringfence evidence send` takes, of all kinds and tenants: a run by its runner's
    signature, a review or explanation of a decision that is in the ledger by then. A ledger that a collector
    has open is written by that collector alone; send the records to it.

    \b
    Examples:
      ringfence evidence append ledger --key log.key.pem --log decisions.jsonl.gz \\
          --facts runner.class,runner.size
      ringfence evidence append ledger --key log.key.pem --change build.json --change test.json \\
          --change replay.json --change promotion.json
      ringfence evidence append ledger --key log.key.pem --record runs.jsonl \\
          --runner pool-1=pool-1.pub.pem
    """
    from ringfence.change.append import append_changes
    from ringfence.change.read import read_any
    from ringfence.cli.evidence.reconcile_input import read_runners
    from ringfence.cli.evidence.trust import witness_quorum
    from ringfence.cli.evidence.witnessing import witnessing
    from ringfence.cli.signing_key import ed25519_keys
    from ringfence.decision_log.reading import read_events
    from ringfence.delivery.append import append_records
    from ringfence.delivery.reading import read_lines
    from ringfence.delivery.terms import Terms
    from ringfence.errors import UsageError
    from ringfence.evidence.delivered import DELIVERABLE
    from ringfence.ledger.append import Delivery, append_events
    from ringfence.ledger.settings import Settings
    from ringfence.ledger.store import Ledger
    from ringfence.personal.erasing import record_pending
    from ringfence.report.escape import escape_line

    if not logs and not changes and not records:
        hint = "pass --log, --change or --record"
        raise UsageError("there is nothing to append", help=hint)
    terms = Terms(kinds=DELIVERABLE, tenants=None, runners=read_runners(runners))
    results = [read_any(path) for path in changes]
    asked = witness_quorum(
        witnesses,
        threshold=quorum,
        log_operator=log_operator,
        unsafe_own_operator=unsafe_own_operator,
    )
    signers = ed25519_keys(keys, file=passphrase_file, variable=passphrase_env)
    settings = Settings(keys=signers, state=state, witnessing=witnessing(asked, urls))
    allowed = frozenset(name.strip() for name in facts.split(",") if name.strip())
    kept, done = personal.read(), Delivery()
    with contextlib.ExitStack() as stack:
        if kept.store is not None:
            stack.callback(kept.store.close)
        opened = Ledger.open(ledger, settings=settings)
        stack.callback(opened.close)
        if kept.store is not None:
            record_pending(opened, kept.store)
        append_events(
            opened, read_events(logs), allowed_facts=allowed, delivery=done, personal=kept
        )
        append_changes(opened, results, delivery=done)
        append_records(opened, read_lines(records), terms=terms, delivery=done, personal=kept)
        published = opened.checkpoint()
    for finding in done.findings:
        click.echo(escape_line(f"{finding.place}: {finding.code} {finding.message}"), err=True)
    for problem in published.problems:
        click.echo(escape_line(f"warning: {problem}"), err=True)
    said = {
        "ledger": str(ledger), "added": done.added, "duplicates": done.duplicates,
        "conflicts": done.conflicts, "unrecorded": done.unrecorded, "refused": done.refused,
        **_said(published),
    }  # fmt: skip
    if form == "json":
        print_json(said)
    else:
        click.echo(
            f"added {done.added} records to {ledger}, which now holds {said['records']}\n"
            f"  root   {said['root']}\n  {done.duplicates} duplicates dropped, "
            f"{done.conflicts} conflicts, {done.refused} findings"
        )
    if done.refused or done.conflicts:
        sys.exit(2)


def _said(published: "Published") -> dict[str, Any]:
    point = published.checkpoint
    root = base64.b64encode(point.root).decode()
    return {"origin": point.origin, "records": point.size, "root": root}
