"""`ringfence version`: what is installed."""

import click


@click.command()
def command() -> None:
    """Print the versions of ringfence and OPA."""
    from ringfence import __version__
    from ringfence.errors import OpaError
    from ringfence.opa import find_opa, opa_version

    click.echo(f"ringfence {__version__}")
    try:
        opa = find_opa()
        click.echo(f"opa {'.'.join(map(str, opa_version(opa)))} ({opa})")
    except OpaError as error:
        click.echo(f"opa: {error.message}")
