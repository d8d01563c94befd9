"""`ringfence init`: scaffold a policy repository."""

from pathlib import Path

import click


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def command(directory: Path) -> None:
    """Scaffold a policy repository in DIRECTORY that passes check, test and build.

    Nothing that exists is overwritten.
    """
    from importlib.resources import as_file, files

    from ringfence.cli.write import write_whole
    from ringfence.errors import UsageError

    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"`{directory}` is not empty", help="name a new directory")
    with as_file(files("ringfence") / "scaffold") as source:
        for path in sorted(source.rglob("*.yaml")):
            write_whole(directory / path.relative_to(source), path.read_bytes())
    click.echo(f"wrote a policy repository to {directory}; next:")
    click.echo(f"  ringfence check {directory}")
    click.echo(f"  ringfence test {directory}")
