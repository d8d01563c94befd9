"""`ringfence schema`: JSON Schemas for editors and for callers."""

import json
from pathlib import Path

import click


@click.command()
@click.option("--point", default="", help="Print the schema of requests at this decision point.")
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write .ringfence/schema/v1.json below this repository, for yaml-language-server.",
)
def command(point: str, write: Path | None) -> None:
    """Print the JSON Schema of policy documents, or of requests at a decision point.

    \b
    Examples:
      ringfence schema --write .
      ringfence schema --point runner.deploy
    Then begin a policy file with:
      # yaml-language-server: $schema=../.ringfence/schema/v1.json
    """
    from ringfence.cli.write import write_whole
    from ringfence.errors import UsageError
    from ringfence.language.facts import all_points
    from ringfence.language.kinds import all_kinds
    from ringfence.language.schema import document_schema, request_schema
    from ringfence.language.suggest import did_you_mean

    if point and point not in all_points():
        near = did_you_mean(point, all_points())
        known = ", ".join(all_points())
        hint = f"did you mean `{near}`?" if near else f"decision points: {known}"
        raise UsageError(f"no decision point `{point}`", help=hint)
    schema = request_schema(all_points()[point]) if point else document_schema(all_kinds())
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if write is None:
        click.echo(text, nl=False)
        return
    target = write / ".ringfence" / "schema" / "v1.json"
    write_whole(target, text.encode())
    click.echo(target)
