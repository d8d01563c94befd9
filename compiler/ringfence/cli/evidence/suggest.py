"""`ringfence evidence suggest-threshold`: what reviews say of where a threshold would stand."""

from pathlib import Path

import click

from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.trust import TrustOptions, claimed_origin, trust_options

__all__ = ["suggest_threshold"]

_CLASSES = ("false_positive", "true_positive", "needs_tuning")


@click.command("suggest-threshold")
@click.argument("ledger", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fact", required=True, help="The fact that the rule compares, by dotted name.")
@click.option(
    "--comparator",
    required=True,
    type=click.Choice(["lt", "lte", "gt", "gte"]),
    help="How the rule compares it.",
)
@click.option(
    "--class",
    "reviewed",
    type=click.Choice(_CLASSES),
    default="false_positive",
    show_default=True,
    help="What reviewers called the decisions that count.",
)
@click.option("--rule", help="Only decisions in which this rule had a part.")
@click.option("--tenant", help="Only this tenant's decisions.")
@trust_options
@form_option
def suggest_threshold(
    *,
    ledger: Path,
    fact: str,
    comparator: str,
    reviewed: str,
    rule: str | None,
    tenant: str | None,
    trust: TrustOptions,
    form: str,
) -> None:
    """Suggest a threshold for a fact from the reviewed decisions of a LEDGER, which is verified first.

    It is the largest value among them for lt and lte, the least for gt and gte, and `none` where no
    such decision was reviewed. Of several reviews of a decision the last counts; its value is what the
    reviewer observed, else the fact that the decision's record has. A hint, which changes nothing.

    \b
    Example:
      ringfence evidence suggest-threshold ledger --fact run.timeout --comparator lte \\
          --tenant acme --key log.vkey
    """
    from ringfence.evidence.suggesting import COMPARATORS, Question, read_reviews, suggest
    from ringfence.report.escape import escape_line

    reviews, held = read_reviews(ledger, trust=trust.read(origin=claimed_origin(ledger)))
    question = Question(
        fact=fact,
        comparator=next(one for one in COMPARATORS if one == comparator),
        reviewed=reviewed,
        tenant=tenant,
        rule=rule,
    )
    found = suggest(reviews, held=held, question=question)
    if form == "json":
        print_json(
            {
                "fact": fact, "comparator": comparator, "class": reviewed, "rule": rule,
                "tenant": tenant, "threshold": found.threshold, "values": dict(found.values),
                "without": list(found.without),
            }
        )  # fmt: skip
        return
    click.echo("none" if found.threshold is None else f"{found.threshold}")
    for name, value in found.values.items():
        click.echo(escape_line(f"  {value} in decision {name}"))
    for name in found.without:
        click.echo(escape_line(f"  no number in decision {name}"))
