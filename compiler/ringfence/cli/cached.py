"""The user's cache during one command; what is wrong with it is a note, never an error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ringfence.cache import TenantCache, open_cache
from ringfence.report.escape import escape_line

__all__ = ["user_cache"]


@contextmanager
def user_cache(root: Path, *, command: str, off: bool) -> Iterator[TenantCache]:
    """Open the cache, write what was learned, and say on stderr what was wrong with it."""
    environ = {"RINGFENCE_CACHE": "off"} if off else os.environ
    cache = open_cache(environ, root=root, command=command)
    try:
        with cache:
            yield cache
    finally:
        for note in dict.fromkeys(cache.notes):
            click.echo(f"note: {escape_line(note)}", err=True)
