"""The options of commands that read an encrypted private key; never the passphrase itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["passphrase_options"]


def passphrase_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--passphrase-file` and `--passphrase-env`, of which one may be given."""
    file = click.option(
        "--passphrase-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The key's passphrase, or a token's PIN, is its first line.",
    )
    variable = click.option(
        "--passphrase-env",
        default="",
        metavar="NAME",
        help="The key's passphrase, or a token's PIN, is in this environment variable.",
    )
    return file(variable(command))
