"""How the commands of `ringfence evidence` print what they found."""

import json
from typing import Any

import click

__all__ = ["form_option", "print_json", "print_not_shown"]

form_option = click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)


def print_json(said: dict[str, Any]) -> None:
    """Print an object with sorted keys."""
    click.echo(json.dumps(said, indent=2, sort_keys=True))


def print_not_shown(not_shown: list[str]) -> None:
    """Print what a valid answer does not show."""
    click.echo("not shown:\n" + "\n".join(f"  - {one}" for one in not_shown))
