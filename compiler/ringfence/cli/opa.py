"""`ringfence opa`: find, install or run OPA."""

import os
from pathlib import Path

import click


@click.group()
def command() -> None:
    """Find, install or run OPA."""


@command.command()
@click.option("--from", "url", default="", help="Download from this URL instead of the release.")
@click.option("--sha256", default="", help="The SHA-256 that the download must have, in hex.")
@click.option("--tool", type=click.Choice(["opa", "regal"]), default="opa", show_default=True)
def install(url: str, sha256: str, tool: str) -> None:
    """Install the pinned OPA and print its path.

    An `opa` on PATH that is new enough is taken as it is; else the official release, checked against
    its SHA-256; else Go builds the pinned module.
    """
    from ringfence.opa.install import OPA, REGAL
    from ringfence.opa.install import install as install_tool

    click.echo(install_tool({"opa": OPA, "regal": REGAL}[tool], url=url, sha256=sha256))


@command.command()
def path() -> None:
    """Print the path of the OPA that ringfence uses."""
    from ringfence.opa import find_opa

    click.echo(find_opa())


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True
)
def run(arguments: tuple[str, ...], config: Path) -> None:
    """Run OPA with a configuration that `build` wrote, locked down.

    Further arguments are OPA's own.
    """
    from ringfence.opa import find_opa
    from ringfence.opa.lockdown import SERVER_FLAGS

    opa = str(find_opa())
    os.execv(opa, [opa, "run", "--server", *SERVER_FLAGS, "--config-file", str(config), *arguments])  # noqa: S606 - becoming OPA is the point
