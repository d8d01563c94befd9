"""`ringfence completion`: the words that a shell completes."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell; source it in its start-up file."""
    from click.shell_completion import get_completion_class

    from ringfence.cli.main import root

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(root, {}, "ringfence", "_RINGFENCE_COMPLETE").source())
