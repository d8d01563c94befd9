"""`ringfence evidence record explanation`: why decisions came out as they did."""

from pathlib import Path

import click

from ringfence.cli.evidence.record.output import finish, now_text, output_option
from ringfence.cli.evidence.trust import FILE, TrustOptions, claimed_origin, trust_options

__all__ = ["record_explanations"]

_MOST = 100_000
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("explanation")
@click.argument("ledger", type=_FOLDER)
@click.argument("decisions", nargs=-1)
@click.option("--from", "source", type=FILE, help="Explanations of others, one JSON object a line.")
@click.option(
    "--policies",
    "-p",
    type=_FOLDER,
    help="The policy repository that decided; adds what each rule asks for.",
)
@click.option(
    "--missing", is_flag=True, help="Those that have no explanation yet, 100,000 at a time."
)
@click.option("--tenant", help="Whose decisions, with --missing or where two have an id.")
@trust_options
@output_option
def record_explanations(
    *,
    ledger: Path,
    decisions: tuple[str, ...],
    source: Path | None,
    policies: Path | None,
    missing: bool,
    tenant: str | None,
    trust: TrustOptions,
    output: Path | None,
) -> None:
    """Write an explanation of each of the DECISIONS, by id, that the LEDGER holds, or of all without one.

    It is derived from the decision's record alone: each rule that the record names is a factor. With
    --policies, what the rules ask for is added, if that very policy decided. With --from, explanations
    that others made are taken instead: `tenant` and `trace_id` may be left out, and an explanation of
    another action than the ledger has is refused, told by file and line; the exit code is then 2.

    \b
    Examples:
      ringfence evidence record explanation ledger 5f1d… --key log.vkey -o records.jsonl
      ringfence evidence record explanation ledger --missing --tenant acme --key log.vkey
      ringfence evidence record explanation ledger --from explained.jsonl --key log.vkey
    """
    import time

    from ringfence.cli.evidence.record.bodies import record_bodies
    from ringfence.cli.repository import find_root
    from ringfence.errors import UsageError
    from ringfence.evidence.delivered import form_record
    from ringfence.evidence.explaining import explanation_of
    from ringfence.evidence.held import HeldDecisions
    from ringfence.evidence.records import RecordKind
    from ringfence.explain.asked import PolicyTexts

    asked = (bool(decisions), source is not None, missing)
    if asked.count(True) != 1:
        hint = "name decisions to explain, pass --missing, or a file of explanations with --from"
        raise UsageError("what is to be explained?", help=hint)
    trusted = trust.read(origin=claimed_origin(ledger))
    if source is not None:
        records, findings = record_bodies(
            source, kind=RecordKind.EXPLANATION, ledger=ledger, trust=trusted
        )
        finish(records, output=output, findings=findings)
        return
    if missing:
        held = HeldDecisions.unexplained(ledger, trust=trusted, tenant=tenant, most=_MOST)
    else:
        held = HeldDecisions.read(ledger, decisions, trust=trusted)
    root = None if policies is None else find_root(policies)
    policy = PolicyTexts.of(root, now=int(time.time()))
    at, made = now_text(), []
    for name in dict.fromkeys(decisions) if decisions else list(held.by_id):
        for decision in held.by_id[name] if missing else [held.one(name, tenant=tenant)]:
            body = explanation_of(decision, at=at, texts=policy.texts(decision))
            made.append(form_record(RecordKind.EXPLANATION, body))
    if policy.unlike:
        said = f"note: decided under another policy than the one at hand: {policy.unlike}"
        click.echo(said, err=True)
    if missing and len(made) == _MOST:
        click.echo(f"note: only the first {_MOST}: append these, and run it again", err=True)
    finish(made, output=output)
