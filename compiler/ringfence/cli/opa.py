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

    An `opa` on PATH that is new enough is taken as it is; else the official release, where its SHA-256
    is pinned or given; else Go builds the pinned module.
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

    Further arguments are OPA's own; none of them can take the lock off.
    """
    from ringfence.errors import UsageError
    from ringfence.opa import find_opa
    from ringfence.opa.lockdown import SERVER_FLAGS

    if "--" in arguments:
        raise UsageError("`--` would make files of the flags that lock OPA", help="leave it out")
    opa = str(find_opa())
    # OPA takes the last of two equal flags, so ours come last.
    command_line = [opa, "run", "--server", *arguments, "--config-file", str(config), *SERVER_FLAGS]
    os.execv(opa, command_line)  # noqa: S606 - becoming OPA is the point
