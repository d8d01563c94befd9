"""`ringfence test`: run PolicyTest documents on OPA."""

import re
import sys
import time
from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json", "junit"]),
    default="pretty",
    show_default=True,
    help="How to write the results.",
)
@click.option("--run", "pattern", default="", help="Only tests whose `DOCUMENT: CASE` matches.")
@click.option("--coverage", is_flag=True, help="Print the rules and clauses that no test shows.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    help="Exit 2 when coverage, in percent, is lower.",
)
@click.option("--allow-none", is_flag=True, help="Exit 0 when there is no test.")
def command(
    path: Path,
    form: str,
    pattern: str,
    coverage: bool,
    threshold: float | None,
    allow_none: bool,
) -> None:
    """Run the PolicyTest documents of the repository at PATH on the real OPA.

    PATH may be a file or directory inside the repository; then only its tests are run, though all of
    the repository is compiled. Exits 2 when a test fails or none is found, 3 when a policy or a test
    is invalid.

    \b
    Examples:
      ringfence test
      ringfence test tenants/acme --run quota
      ringfence test --coverage --threshold 80
      ringfence test --format junit > results.xml
    """
    from ringfence.cli.repository import find_root
    from ringfence.pipeline import compile_repository
    from ringfence.testing.coverage import measure_coverage
    from ringfence.testing.run import run_suites
    from ringfence.testing.select import select_suites

    expression = _expression(pattern)
    root = find_root(path)
    compiled = compile_repository(root, now=int(time.time()))
    inside = path.resolve().relative_to(root.resolve()).as_posix()
    suites = select_suites(compiled, inside=inside, pattern=expression)
    if not suites:
        click.echo(f"no test found{f' that matches `{pattern}`' if pattern else ''}", err=True)
        if not allow_none:
            click.echo("help: write a PolicyTest, or call with --allow-none", err=True)
            sys.exit(2)
    run = run_suites(compiled, suites)
    measured = measure_coverage(compiled, run) if coverage or threshold is not None else None
    click.echo(_render(run, measured, form), nl=False)
    too_low = threshold is not None and measured is not None and measured.percent < threshold
    if too_low and measured is not None:
        click.echo(f"coverage {float(measured.percent):.1f} % is below {threshold:g} %", err=True)
    if run.failed or too_low:
        sys.exit(2)


def _expression(pattern: str) -> re.Pattern[str]:
    from ringfence.errors import UsageError

    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"`{pattern}` is not a regular expression: {error}",
            help="give --run the text of a name, or a Python regular expression",
        ) from None


def _render(run, measured, form: str) -> str:  # type: ignore[no-untyped-def] # imported lazily
    from ringfence.report.junit import render_junit
    from ringfence.report.policy_tests import render_json, render_pretty

    if form == "junit":
        return render_junit(run)
    return render_json(run, measured) if form == "json" else render_pretty(run, measured)
