"""`ringfence evidence record lineage`: what came from what under a decision."""

from pathlib import Path
from typing import Any

import click

from ringfence.cli.evidence.record.output import finish, now_text, output_option
from ringfence.cli.evidence.trust import FILE, TrustOptions, claimed_origin, trust_options

__all__ = ["record_lineage"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("lineage")
@click.argument("ledger", type=_FOLDER)
@click.option("--from", "source", type=FILE, help="Lineage, one JSON object a line, instead.")
@click.option("--decision", "decision_id", help="The decision, by id, that allowed it.")
@click.option("--subject-type", help="What was made, such as dataset.")
@click.option("--subject-id", help="Which one.")
@click.option("--operation", help="What was done, such as join.")
@click.option("--input", "input_refs", multiple=True, help="What went in; repeatable.")
@click.option("--output-ref", "output_refs", multiple=True, help="What came out; repeatable.")
@click.option("--parent", "parent_lineage_ids", multiple=True, help="Lineage before; repeatable.")
@click.option("--id", "lineage_id", help="Its id (default: a random one).")
@click.option("--at", "recorded_at", help="When, in UTC (default: now).")
@click.option("--tenant", help="Whose decision, where two have the id.")
@trust_options
@output_option
def record_lineage(
    *, ledger: Path, source: Path | None, trust: TrustOptions, output: Path | None, **given: Any
) -> None:
    """Write a record of lineage under a decision that the LEDGER holds.

    It needs a subject, an operation and at least one input; what is missing is named. With --from,
    there may be many, with the members of docs/evidence.md, of which `tenant` and `trace_id` may be
    left out; what cannot be recorded is told by file and line, and the exit code is then 2.

    \b
    Example:
      ringfence evidence record lineage ledger --key log.vkey --decision 5f1d… \\
          --subject-type dataset --subject-id orders --operation join \\
          --input dataset:raw-orders@7 --output-ref dataset:orders@8 -o records.jsonl
    """
    import secrets

    from ringfence.cli.evidence.record.bodies import record_bodies
    from ringfence.errors import UsageError
    from ringfence.evidence.held import HeldDecisions
    from ringfence.evidence.records import RecordKind

    if (given["decision_id"] is None) == (source is None):
        hint = "name the decision with --decision, or a file of lineage with --from"
        raise UsageError("there is either a decision or a file", help=hint)
    trusted = trust.read(origin=claimed_origin(ledger))
    if source is not None:
        records, findings = record_bodies(
            source, kind=RecordKind.LINEAGE, ledger=ledger, trust=trusted
        )
        finish(records, output=output, findings=findings)
        return
    made = {"lineage_id": f"lin-{secrets.token_hex(16)}", "recorded_at": now_text()}
    body = made | {name: value for name, value in given.items() if value is not None}
    held = HeldDecisions.read(ledger, [body["decision_id"]], trust=trusted)
    finish([held.record(RecordKind.LINEAGE, body)], output=output)
