"""`ringfence evidence record run`: close a run under its decisions, and sign it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.evidence.personal import named_store, store_options
from ringfence.cli.evidence.record.output import finish, output_option
from ringfence.cli.evidence.trust import FILE, claimed_origin, log_key
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.evidence.held import HeldDecisions

__all__ = ["record_run"]

_FACTS = frozenset({"runner.class", "runner.size", "runner.network"})


@click.command("run")
@click.argument("report", type=FILE)
@click.option(
    "--ledger",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The ledger that holds its decisions; verified first.",
)
@click.option("--key", type=FILE, help="The log's public key that you trust, for --ledger.")
@click.option("--origin", help="The log that it must be of; a verifier key says it too.")
@click.option("--log", "logs", multiple=True, type=FILE, help="A decision log, for --ledger.")
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    required=True,
    type=FILE,
    help="The policy bundle that decided: it says which rules applied. Repeatable.",
)
@click.option(
    "--decision",
    "decisions",
    multiple=True,
    help="A decision, by id, under which it ran, where the report has no `checks`; repeatable.",
)
@click.option("--runner", required=True, help="The runner's name, as `reconcile` knows it.")
@click.option(
    "--runner-key", required=True, type=KEY, help="Its Ed25519 private key, PEM, or its URI."
)
@click.option(
    "--texts-to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Commit to approvers and reasons, and write what opens that to this new file.",
)
@store_options
@passphrase_options
@output_option
def record_run(
    *,
    report: Path,
    ledger: Path | None,
    key: Path | None,
    origin: str | None,
    logs: tuple[Path, ...],
    bundles: tuple[Path, ...],
    decisions: tuple[str, ...],
    runner: str,
    runner_key: Path,
    texts_to: Path | None,
    personal_store: Path | None,
    personal_key: Path | None,
    passphrase_file: Path | None,
    passphrase_env: str,
    output: Path | None,
) -> None:
    """Close a finished run by its REPORT (JSON), sign its record with the runner's key, and write it.

    The decisions that the report's checks name come from --ledger or --log, and --bundle says which rules
    applied. Everything that is missing or not as it was decided is named by place, and nothing is written.
    With --decision, a report without `checks` gets those that its decisions show. With --texts-to the
    record holds commitments in place of approvers and reasons; `evidence keep` brings what opens them
    into a personal store, and the file is to be destroyed then. Where the ledger keeps names apart, who
    approved is compared only with --personal-store.

    \b
    Example:
      ringfence evidence record run report.json --ledger ledger --key log.vkey \\
          --bundle runtime-acme.tar.gz --runner pool-1 --runner-key pool-1.key.pem -o records.jsonl
    """
    from ringfence.cli.signing_key import ed25519_key
    from ringfence.cli.token_input import read_facts
    from ringfence.evidence.applicable import applicable_rules
    from ringfence.evidence.decision_use import DecisionUse
    from ringfence.evidence.delivered import read_delivered
    from ringfence.evidence.folder import write_new
    from ringfence.evidence.run import checks_of, close_run
    from ringfence.evidence.run_signature import sign_run
    from ringfence.personal.commitment import Opening
    from ringfence.personal.run_texts import commit_run
    from ringfence.personal.shown import Shown

    given = read_facts(str(report))
    named = decisions or tuple(_named(given.get("checks")))
    held = _held(named, ledger=ledger, key=key, origin=origin, logs=logs)
    archives = [path.read_bytes() for path in bundles]
    tenant = given["tenant"] if isinstance(given.get("tenant"), str) else None
    records = [held.one(one, tenant=tenant) for one in named]
    with named_store(personal_store, personal_key, read_only=True) as store:
        bodies = [Shown.of(one, store).body if store else one.body for one in records]
    uses = [
        DecisionUse.of_record(body, applicable=applicable_rules(body, archives=archives))
        for body in bodies
    ]
    if decisions and "checks" not in given:
        checks = (one.model_dump(mode="json") for use in uses for one in checks_of(use))
        given = {**given, "checks": list(checks)}
    closed = close_run(given, decisions=uses)
    openings: tuple[Opening, ...] = ()
    if texts_to is not None:
        closed, openings = commit_run(closed)
    private = ed25519_key(runner_key, file=passphrase_file, variable=passphrase_env)
    signed = sign_run(closed, runner=runner, key=private)
    if texts_to is not None:
        write_new(texts_to, b"".join(one.encode() + b"\n" for one in openings))
    finish([read_delivered(signed.data)], output=output)


def _named(checks: Any) -> Iterable[str]:
    """Return the decisions that a report's checks name, each once."""
    listed = checks if isinstance(checks, list) else []
    found = (one.get("decision_id") for one in listed if isinstance(one, dict))
    return dict.fromkeys(one for one in found if isinstance(one, str))


def _held(
    named: Iterable[str],
    *,
    ledger: Path | None,
    key: Path | None,
    origin: str | None,
    logs: tuple[Path, ...],
) -> "HeldDecisions":
    from ringfence.errors import UsageError
    from ringfence.evidence.held import HeldDecisions
    from ringfence.ledger.trust import LedgerTrust

    if (ledger is None) == (not logs) or (ledger is None) != (key is None):
        hint = "pass --ledger with --key, or --log"
        raise UsageError("where are the run's decisions?", help=hint)
    if ledger is None or key is None:
        return _logged(frozenset(named), logs)
    trusted = log_key(key, origin=origin or claimed_origin(ledger), said=origin)
    return HeldDecisions.read(ledger, named, trust=LedgerTrust(key=trusted))


def _logged(named: frozenset[str], logs: tuple[Path, ...]) -> "HeldDecisions":
    """Return the decisions of logs; what cannot be read there is no decision of the run."""
    from ringfence.decision_log.reading import read_events
    from ringfence.evidence.held import HeldDecisions
    from ringfence.evidence.ingest import Tally, decision_records
    from ringfence.evidence.records import RecordKind

    read = decision_records(read_events(logs), allowed_facts=_FACTS, tally=Tally())
    return HeldDecisions.of(
        record
        for record in read
        if record.kind is RecordKind.DECISION and str(record.body.get("decision_id")) in named
    )
