"""`ringfence schema`: JSON Schemas for editors and for callers."""

import json
from pathlib import Path

import click

from ringfence.cli.points import root_option


@click.command()
@click.option("--point", default="", help="Print the schema of requests at this decision point.")
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write .ringfence/schema/v1.json below this repository, for yaml-language-server.",
)
@root_option
def command(point: str, write: Path | None, root: Path | None) -> None:
    """Print the JSON Schema of policy documents, or of requests at a decision point.

    \b
    Examples:
      ringfence schema --write .
      ringfence schema --point runner.deploy
    Then begin a policy file with:
      # yaml-language-server: $schema=../.ringfence/schema/v1.json
    """
    from ringfence.cli.points import find_point, known_points
    from ringfence.cli.write import write_whole
    from ringfence.language.kinds import all_kinds
    from ringfence.language.schema import document_schema, request_schema

    if point:
        schema = request_schema(find_point(point, known_points(root, command="schema")))
    else:
        schema = document_schema(all_kinds())
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if write is None:
        click.echo(text, nl=False)
        return
    target = write / ".ringfence" / "schema" / "v1.json"
    write_whole(target, text.encode())
    click.echo(target)
