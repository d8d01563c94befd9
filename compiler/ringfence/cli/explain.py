"""`ringfence explain`: what a diagnostic code means, or what a rule says."""

import json
import re
import time
from pathlib import Path

import click


@click.command()
@click.argument("name")
@click.option(
    "--policies",
    "-p",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    help="Policy repository that the rule is looked up in.",
)
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(name: str, policies: Path, form: str) -> None:
    """Explain NAME: a diagnostic code such as RF101, or a rule such as runner.timeout.

    Of a rule it prints what it requires and reads, what lifts it, its level in every environment
    and where it is written.

    \b
    Examples:
      ringfence explain RF101
      ringfence explain runner.timeout
    """
    if re.fullmatch(r"(?i)rf[0-9]+", name):
        _explain_code(name, form)
        return
    from ringfence.cli.repository import find_root
    from ringfence.explain.rule import find_rule, levels_of, rule_json
    from ringfence.pipeline import compile_repository
    from ringfence.report.why import render_rule

    compiled = compile_repository(find_root(policies), now=int(time.time()))
    found = find_rule(compiled, name)
    levels = levels_of(compiled, found[0].rule.id)
    if form == "json":
        told = [{**rule_json(one), "levels": levels} for one in found]
        click.echo(json.dumps(told, indent=2, sort_keys=True))
        return
    click.echo("\n\n".join(render_rule(rule_json(one), levels) for one in found))


def _explain_code(name: str, form: str) -> None:
    from ringfence.codes import CODES
    from ringfence.errors import UsageError
    from ringfence.language.suggest import did_you_mean

    found = CODES.get(name.upper())
    if found is None:
        near = did_you_mean(name.upper(), CODES)
        raise UsageError(f"no code `{name}`", help=f"did you mean `{near}`?" if near else "")
    if form == "json":
        told = {"code": name.upper(), "title": found.title, "explanation": found.explanation}
        click.echo(json.dumps(told, indent=2, sort_keys=True))
        return
    click.echo(f"{name.upper()}: {found.title}\n\n{found.explanation}")
