"""`ringfence evidence record review`: what a person says of a decision afterwards."""

from pathlib import Path

import click

from ringfence.cli.evidence.record.output import finish, now_text, output_option
from ringfence.cli.evidence.trust import TrustOptions, claimed_origin, trust_options

__all__ = ["record_review"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_CLASSES = ("false_positive", "true_positive", "needs_tuning")


@click.command("review")
@click.argument("ledger", type=_FOLDER)
@click.argument("decision")
@click.option("--class", "class_", required=True, type=click.Choice(_CLASSES), help="What it was.")
@click.option("--by", required=True, help="Who reviewed it, such as user:kim@acme.example.")
@click.option("--note", help="What is to be known; name no secret, since it stands in the ledger.")
@click.option(
    "--observed",
    multiple=True,
    metavar="NAME=NUMBER",
    help="What a fact was, such as eval.groundedness=0.8; repeatable.",
)
@click.option("--at", help="When, in UTC, such as 2026-11-21T09:00:00Z (default: now).")
@click.option("--tenant", help="Whose decision, where two have the id.")
@trust_options
@output_option
def record_review(
    *,
    ledger: Path,
    decision: str,
    class_: str,
    by: str,
    note: str | None,
    observed: tuple[str, ...],
    at: str | None,
    tenant: str | None,
    trust: TrustOptions,
    output: Path | None,
) -> None:
    """Write the record of a review of a DECISION, by its id, that the LEDGER holds.

    The ledger is verified first, and a decision that it does not hold is refused. Tenant and trace are
    taken from the decision's record.

    \b
    Example:
      ringfence evidence record review ledger 5f1d… --key log.vkey --class false_positive \\
          --by user:kim@acme.example --observed run.timeout=9000 -o records.jsonl
    """
    import secrets

    from ringfence.evidence.held import HeldDecisions
    from ringfence.evidence.records import RecordKind

    trusted = trust.read(origin=claimed_origin(ledger))
    held = HeldDecisions.read(ledger, [decision], trust=trusted)
    found = held.one(decision, tenant=tenant)
    body = {
        "review_id": f"rev-{secrets.token_hex(16)}",
        "decision_id": decision,
        "tenant": found.body.get("tenant"),
        "class": class_,
        "reviewer": by,
        "at": at or now_text(),
        "note": note,
        "observed": [_observed(one) for one in observed],
    }
    finish([held.record(RecordKind.REVIEW, body)], output=output)


def _observed(text: str) -> dict[str, str | float]:
    import math

    from ringfence.errors import UsageError

    name, equals, said = text.partition("=")
    try:
        value = float(said)
    except ValueError:
        value = math.nan
    if not name or not equals or not math.isfinite(value):
        raise UsageError(f"`--observed {text}` is no number", help="write --observed NAME=NUMBER")
    return {"name": name, "value": value}
