"""`ringfence evidence record explanation`: why decisions came out as they did."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence_trust import FILE, TrustOptions, claimed_origin, trust_options
from ringfence.cli.record_output import finish, now_text, output_option

if TYPE_CHECKING:
    from ringfence.evidence.records import Record

__all__ = ["record_explanations"]

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
@click.option("--tenant", help="Whose decisions, where two have an id.")
@trust_options
@output_option
def record_explanations(
    *,
    ledger: Path,
    decisions: tuple[str, ...],
    source: Path | None,
    policies: Path | None,
    tenant: str | None,
    trust: TrustOptions,
    output: Path | None,
) -> None:
    """Write an explanation of each of the DECISIONS, by id, that the LEDGER holds.

    It is derived from the decision's record alone: each rule that the record names is a factor. With
    --policies, what the rules ask for is added, if that very policy decided. With --from, explanations
    that others made are taken instead: `tenant` and `trace_id` may be left out, and an explanation of
    another action than the ledger has is refused, told by file and line; the exit code is then 2.

    \b
    Examples:
      ringfence evidence record explanation ledger 5f1d… --key log.vkey -o records.jsonl
      ringfence evidence record explanation ledger --from explained.jsonl --key log.vkey
    """
    from ringfence.cli.record_bodies import record_bodies
    from ringfence.errors import UsageError
    from ringfence.evidence.explaining import explanation_of
    from ringfence.evidence.held import HeldDecisions
    from ringfence.evidence.records import RecordKind

    if bool(decisions) == (source is not None):
        hint = "name decisions to explain, or a file of explanations with --from"
        raise UsageError("there are either decisions or a file", help=hint)
    trusted = trust.read(origin=claimed_origin(ledger))
    if source is not None:
        records, findings = record_bodies(
            source, kind=RecordKind.EXPLANATION, ledger=ledger, trust=trusted
        )
        finish(records, output=output, findings=findings)
        return
    held = HeldDecisions.read(ledger, decisions, trust=trusted)
    at, made = now_text(), []
    for one in dict.fromkeys(decisions):
        decision = held.one(one, tenant=tenant)
        body = explanation_of(decision, at=at, texts=_texts(policies, decision))
        made.append(held.record(RecordKind.EXPLANATION, body))
    finish(made, output=output)


def _texts(policies: Path | None, decision: "Record") -> dict[str, str]:
    """Return what rules ask for, by id, if the repository is the policy that decided."""
    import time

    from ringfence.cli.repository import find_root
    from ringfence.explain.expression import condition_text
    from ringfence.explain.policy import is_same_policy
    from ringfence.explain.rule import rules_of
    from ringfence.pipeline import compile_repository

    if policies is None:
        return {}
    body = decision.body
    compiled = compile_repository(find_root(policies), now=int(time.time()))
    tenant = str(body.get("tenant"))
    if not is_same_policy(compiled, body, tenant=tenant):
        click.echo("note: it was decided under another policy than the one at hand", err=True)
        return {}
    return {
        one.rule.id: f"must hold: {condition_text(one.rule.require)}"
        for one in rules_of(compiled, tenant=tenant)
        if one.program.point.name == body.get("point")
    }
