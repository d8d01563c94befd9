"""`ringfence check`: report every mistake in the policies."""

import sys
import time
from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json", "sarif", "github"]),
    default="pretty",
    show_default=True,
    help="How to write the diagnostics.",
)
@click.option("--no-cache", is_flag=True, help="Check every tenant anew, and keep nothing.")
def command(path: Path, form: str, no_cache: bool) -> None:
    """Report every mistake in the policy repository at PATH, sorted, each with its code and help.

    PATH may be a file or directory inside the repository; then only its diagnostics are shown, though
    all of the repository is checked. Exits 3 when a policy is invalid.

    Tenants that have not changed are taken from the user's cache (RINGFENCE_CACHE=DIR moves it,
    RINGFENCE_CACHE=off switches it off).

    \b
    Examples:
      ringfence check
      ringfence check tenants/acme
      ringfence check --format github
    """
    from ringfence.cli.cached import user_cache
    from ringfence.cli.repository import find_root
    from ringfence.pipeline import check_repository

    root = find_root(path)
    with user_cache(root, command="check", off=no_cache) as cache:
        checked = check_repository(root, now=int(time.time()), cache=cache)
    inside = path.resolve().relative_to(root.resolve()).as_posix()
    shown = [d for d in checked.diagnostics if inside == "." or _below(d.span.file, inside)]
    click.echo(_render(shown, form, sources=checked.texts), nl=False)
    if form == "pretty" and not shown:
        tenants = len(checked.tenants.tree.tenants)
        of = "1 tenant" if tenants == 1 else f"{tenants} tenants"
        click.echo(f"{checked.documents} documents of {of}, no mistakes")
    if any(d.severity == "error" for d in shown):
        sys.exit(3)


def _below(file: str, folder: str) -> bool:
    return file == folder or file.startswith(f"{folder}/")


def _render(diagnostics, form: str, *, sources) -> str:  # type: ignore[no-untyped-def] # imported lazily
    if form == "pretty" and not diagnostics:
        return ""
    if form == "pretty":
        from ringfence.report.pretty import render_diagnostics

        color = sys.stdout.isatty()
        text = render_diagnostics(diagnostics, sources=sources, color=color)
    else:
        from importlib import import_module

        text = import_module(f"ringfence.report.{form}").render_diagnostics(diagnostics)
    return text if text.endswith("\n") or not text else text + "\n"
