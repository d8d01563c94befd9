"""`ringfence evidence reconcile`: runs joined with decisions, and decisions evaluated again."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.evidence.output import form_option, print_json, print_not_shown
from ringfence.cli.evidence.personal import named_store, store_options
from ringfence.cli.evidence.trust import (
    FILE,
    TrustOptions,
    claimed_origin,
    trust_options,
    unasked,
)
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringfence.evidence.records import Record
    from ringfence.reconcile.again import Sample
    from ringfence.reconcile.report import Report

__all__ = ["reconcile_ledger"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("reconcile")
@click.argument("ledger", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--runner",
    "runners",
    multiple=True,
    metavar="NAME=FILE",
    help="A runner that may sign runs, and its Ed25519 public key in PEM; repeatable.",
)
@click.option(
    "--runs",
    multiple=True,
    type=FILE,
    help="Signed run records that the ledger need not have, one a line; repeatable.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=FILE,
    help="An OPA decision log with the inputs of decisions; repeatable.",
)
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    type=FILE,
    help="The archive of a bundle that decided, also of a live one; repeatable.",
)
@click.option(
    "--bundle-key",
    "bundle_keys",
    multiple=True,
    metavar="[KEYID=]FILE",
    help="A public key that bundles must be signed with; repeatable.",
)
@click.option(
    "--point",
    "points",
    multiple=True,
    default=("runner.start",),
    show_default=True,
    help="A decision point at which what is allowed must have a run; repeatable.",
)
@click.option(
    "--grace", default="24h", show_default=True, help="How old a decision without a run may be."
)
@click.option(
    "--uses",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="How many runs one approval may serve.",
)
@click.option(
    "--revocations",
    multiple=True,
    type=_FOLDER,
    help="A folder of revocations, as `exceptions/revoked` of a repository; repeatable.",
)
@click.option(
    "--retired",
    multiple=True,
    metavar="REVISION=TIME",
    help="From when on a bundle's revision must not decide (UTC); repeatable.",
)
@click.option(
    "--sample", type=click.IntRange(1), help="Evaluate only so many decisions, drawn by a seed."
)
@click.option("--seed", help="The seed, to draw the same decisions again; random, if not told.")
@click.option(
    "--append-with",
    "append_keys",
    multiple=True,
    type=KEY,
    help="Append gap records, with the log's private key, PEM or URI; nobody else may write meanwhile.",
)
@click.option(
    "--gaps-to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file for the gap records, one a line, for `ringfence evidence send`.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file elsewhere that remembers what the log signed.",
)
@store_options
@trust_options
@passphrase_options
@form_option
def reconcile_ledger(
    *,
    ledger: Path,
    runners: tuple[str, ...],
    runs: tuple[Path, ...],
    logs: tuple[Path, ...],
    bundles: tuple[Path, ...],
    bundle_keys: tuple[str, ...],
    points: tuple[str, ...],
    grace: str,
    uses: int,
    revocations: tuple[Path, ...],
    retired: tuple[str, ...],
    sample: int | None,
    seed: str | None,
    append_keys: tuple[str | Path, ...],
    gaps_to: Path | None,
    state: Path | None,
    personal_store: Path | None,
    personal_key: Path | None,
    trust: TrustOptions,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Compare what runners, OPA, its logs and its policies say of the decisions in a LEDGER.

    Runs are joined with decisions both ways, and what the logs hold of inputs is evaluated again on the
    bundles that decided; `--personal-store` opens what records commit to. What does not fit is a finding,
    and the exit code is 2. The ledger is verified first; exit code 4 where it is not.

    A counterpart that is missing becomes a gap record: with --gaps-to in a file, to be sent to the collector
    that has the ledger open, or with --append-with in the ledger itself, where no collector has.

    \b
    Example:
      ringfence evidence reconcile ledger --key log.vkey --runner pool-1=pool-1.pub.pem \\
          --log decisions.jsonl.gz --bundle runtime.tar.gz --bundle live.tar.gz
    """
    import time

    from ringfence.cli.evidence.reconcile_input import (
        read_bundle_keys,
        read_duration,
        read_runners,
        read_runs,
        read_withdrawn,
    )
    from ringfence.decision_log.reading import read_events
    from ringfence.errors import UsageError
    from ringfence.evidence.folder import write_new
    from ringfence.reconcile.gaps import gap_records
    from ringfence.reconcile.reconcile import Terms, reconcile
    from ringfence.reconcile.seen import see
    from ringfence.reconcile.shelf import read_shelf

    if gaps_to is not None and gaps_to.exists():
        raise UsageError(f"`{gaps_to}` exists", help="name a new file; nothing is replaced")
    terms = Terms(
        runners=read_runners(runners),
        points=frozenset(points),
        now=int(time.time()),
        grace=read_duration(grace),
        uses=uses,
        withdrawn=read_withdrawn(revocations, retired=retired),
        sample=_sample(sample, seed),
    )
    keys, extra = read_bundle_keys(bundle_keys), read_runs(runs)
    chain, seen = see(ledger, trust=trust.read(origin=claimed_origin(ledger)))
    shelf = read_shelf(bundles, keys=keys, wanted=seen.revisions())
    with named_store(personal_store, personal_key, read_only=True) as store:
        report = reconcile(
            seen, terms=terms, events=read_events(logs), shelf=shelf, runs=extra, store=store
        )
    gaps = gap_records(report.missing, seen=report.seen)
    if gaps_to is not None:
        write_new(gaps_to, b"".join(one.data + b"\n" for one in gaps))
    appended = (
        _append(gaps, ledger, keys=append_keys, state=state, passphrase=(passphrase_file, passphrase_env))
        if append_keys
        else None
    )  # fmt: skip
    not_shown = [*chain.not_shown, *unasked(trust), *_not_shown(report, verified=bool(keys))]
    if form == "json":
        counts = {"appended": appended, "gaps": len(gaps)}
        print_json({**report.as_json(), **counts, "not_shown": not_shown})
    else:
        _print(report, appended)
        if gaps_to is not None:
            click.echo(f"written: {len(gaps)} gap records")
        print_not_shown(not_shown)
    if report.findings or report.again.unreadable:
        sys.exit(2)


def _sample(count: int | None, seed: str | None) -> "Sample | None":
    import secrets

    from ringfence.errors import UsageError
    from ringfence.reconcile.again import Sample

    if count is None and seed is not None:
        raise UsageError("--seed says nothing without --sample", help="pass both")
    return None if count is None else Sample(count, seed or secrets.token_hex(16))


def _append(
    records: "Sequence[Record]",
    ledger: Path,
    *,
    keys: "tuple[str | Path, ...]",
    state: Path | None,
    passphrase: tuple[Path | None, str],
) -> int:
    """Append gap records, publish a checkpoint, and count them."""
    from ringfence.cli.signing_key import ed25519_keys
    from ringfence.ledger.settings import Settings
    from ringfence.ledger.store import Ledger

    if not records:
        return 0
    file, variable = passphrase
    signers = ed25519_keys(keys, file=file, variable=variable)
    opened = Ledger.open(ledger, settings=Settings(keys=signers, state=state))
    try:
        opened.append(records)
        opened.checkpoint()
    finally:
        opened.close()
    return len(records)


def _not_shown(report: "Report", *, verified: bool) -> list[str]:
    said = [
        "inputs are what OPA logged: that the caller asked so is in no record",
        "approvals and attested facts, which logs never hold, count as the decision recorded them",
        "a run that was never decided, and that no runner signed, leaves nothing to compare",
        "what OPA lost when it was killed is in no counter",
    ]
    if not verified:
        said.append("the bundles' signatures were not verified")
    if report.seen.unrecorded:
        count = report.seen.unrecorded
        said.append(f"{count} uploads had refused events that nobody counted one by one")
    return said


def _print(report: "Report", appended: int | None) -> None:
    from ringfence.report.escape import escape_line

    again, seen = report.again, report.seen
    blind = "nothing is known" if report.blind is None else f"{report.blind:.4f}"
    lines = [
        f"blind: {blind}",
        f"  {report.known} decisions known, {len(seen.decisions)} in the ledger",
        f"  {again.evaluated} evaluated again, {again.agreed} of them agree",
        *(f"  {count} not evaluated: {reason}" for reason, count in sorted(again.skipped.items())),
        f"  {sum(seen.dropped.values())} dropped by OPA, {seen.refused} refused by a collector",
        f"runs: {report.runs} signed",
    ]
    if report.sample:
        lines.append(f"sample: {report.sample.count}, seed {report.sample.seed}")
    for one in report.findings:
        said = [f"{one.code} {one.message}"]
        said += [f"{name} {value}" for name, value in _names(one.as_json())]
        lines.append("finding: " + ", ".join(said))
    lines += [f"finding: {one.place}: {one.code} {one.message}" for one in again.unreadable]
    if appended is not None:
        lines.append(f"appended: {appended} gap records")
    click.echo("\n".join(map(escape_line, lines)))


def _names(finding: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.removesuffix("_id"), value)
        for name, value in finding.items()
        if name not in ("code", "message")
    ]
