"""`ringfence digest`: a tenant's policy in plain language."""

import json
import time
from pathlib import Path

import click


@click.command()
@click.argument("tenant")
@click.option(
    "--policies",
    "-p",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    help="Repository.",
)
@click.option("--env", "environment", required=True, help="Environment whose levels count.")
@click.option(
    "--release", default="", help="Release that the levels are of; the only one unless given."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
)
def command(tenant: str, policies: Path, environment: str, release: str, form: str) -> None:
    """Tell what governs TENANT in an environment: each rule, its level, its values and their origin.

    \b
    Example:
      ringfence digest acme --env prod
    """
    from ringfence.cli.repository import find_root
    from ringfence.explain.tenant import tenant_digest
    from ringfence.pipeline import compile_repository
    from ringfence.report.tenant import render_tenant

    compiled = compile_repository(find_root(policies), now=int(time.time()))
    told = tenant_digest(compiled, tenant=tenant, environment=environment, release=release)
    if form == "json":
        click.echo(json.dumps(told, indent=2, sort_keys=True, default=str))
    else:
        click.echo(render_tenant(told))
