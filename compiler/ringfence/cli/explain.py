"""`ringfence explain`: what a diagnostic code means."""

import click


@click.command()
@click.argument("code")
def command(code: str) -> None:
    """Explain a diagnostic code such as RF101."""
    from ringfence.codes import CODES
    from ringfence.errors import UsageError
    from ringfence.language.suggest import did_you_mean

    found = CODES.get(code.upper())
    if found is None:
        near = did_you_mean(code.upper(), CODES)
        raise UsageError(f"no code `{code}`", help=f"did you mean `{near}`?" if near else "")
    click.echo(f"{code.upper()}: {found.title}\n\n{found.explanation}")
