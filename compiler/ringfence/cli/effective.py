"""`ringfence effective`: every value of a tenant, and where each comes from."""

import json
import time
from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--tenant", required=True, help="Tenant to print.")
@click.option("--env", "environment", default="", help="Print levels in this environment too.")
@click.option(
    "--release", default="", help="Release that the levels are of; the only one unless given."
)
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(path: Path, tenant: str, environment: str, release: str, form: str) -> None:
    """Print every value in force for a tenant, with the file:line:column that it comes from.

    \b
    Example:
      ringfence effective --tenant acme --env prod
    """
    from ringfence.cli.repository import find_root
    from ringfence.effective import effective_settings
    from ringfence.pipeline import compile_repository

    compiled = compile_repository(find_root(path), now=int(time.time()))
    rows = effective_settings(compiled, tenant=tenant, environment=environment, release=release)
    if form == "json":
        click.echo(json.dumps([row.as_json() for row in rows], indent=2))
        return
    width = max((len(row.field) for row in rows), default=0)
    for row in rows:
        note = f"  (platform: {row.loosened_from}, loosened)" if row.loosened_from else ""
        click.echo(f"{row.field:<{width}}  {row.value}{note}  {row.source}")
