"""The decision points that a command knows: those that are built in, with a repository's own facts."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ringfence.ir.schema import DecisionPoint

__all__ = ["find_point", "known_points", "root_option"]

# Codes of what is wrong with a file's text or its shape.
_NOT_UNDERSTOOD = ("RF0", "RF1")

root_option: Callable[[Any], Any] = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Policy repository, for facts that teams declare "
    "(default: the one that this directory lies in, if any).",
)


def known_points(root: Path | None, *, command: str) -> "Mapping[str, DecisionPoint]":
    """Return the decision points by name, with the facts that the repository's teams declare.

    Without a repository they are the built-in ones. Raises CompileError for files that cannot be
    understood, since facts may be declared there, and for mistakes in how facts are declared: what is
    signed over other facts would never count. Other mistakes wait for `check`.
    """
    from ringfence.cli.cached import user_cache
    from ringfence.cli.repository import find_root
    from ringfence.errors import CompileError, Severity, UsageError
    from ringfence.language.facts import all_points
    from ringfence.pipeline import check_repository

    try:
        found = find_root(root or Path())
    except UsageError:
        if root is not None:
            raise
        return all_points()
    with user_cache(found, command=command, off=False) as cache:
        checked = check_repository(found, now=int(time.time()), cache=cache)
    facts = {policy.document.file for policy in checked.overview.of_kind("Facts")}
    mistakes = [
        found
        for found in checked.diagnostics
        if found.severity is Severity.ERROR
        and (found.code.startswith(_NOT_UNDERSTOOD) or found.span.file in facts)
    ]
    if mistakes:
        raise CompileError(mistakes, sources=checked.texts)
    return {name: program.point for name, program in checked.overview.platform.points.items()}


def find_point(name: str, points: "Mapping[str, DecisionPoint]") -> "DecisionPoint":
    """Return a decision point by its name; raise UsageError for none."""
    from ringfence.errors import UsageError
    from ringfence.language.suggest import did_you_mean

    if name not in points:
        near = did_you_mean(name, points)
        advice = f"did you mean `{near}`?" if near else f"decision points: {', '.join(points)}"
        raise UsageError(f"there is no decision point `{name}`", help=advice)
    return points[name]
