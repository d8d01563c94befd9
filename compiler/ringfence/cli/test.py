"""`ringfence test`: run PolicyTest documents on OPA."""

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ringfence.build import Build
    from ringfence.testing.run import Run


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
@click.option(
    "--result",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what `ringfence attest --from-test` reads; of all tests only.",
)
@click.option("--release", default="", help="Release whose content --result names.")
@click.option("--env", "environment", default="", help="Environment that it was built for.")
def command(
    path: Path,
    form: str,
    pattern: str,
    coverage: bool,
    threshold: float | None,
    allow_none: bool,
    result: Path | None,
    release: str,
    environment: str,
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
      ringfence test --release runtime --env prod --result test.json
    """
    from ringfence.cli.repository import find_root
    from ringfence.evaluate import release_build
    from ringfence.pipeline import compile_repository
    from ringfence.testing.coverage import measure_coverage
    from ringfence.testing.run import run_suites
    from ringfence.testing.select import select_suites

    expression = _expression(pattern)
    root = find_root(path)
    inside = path.resolve().relative_to(root.resolve()).as_posix()
    _check_result(result, whole=inside == "." and not pattern, named=bool(release and environment))
    compiled = compile_repository(root, now=int(time.time()))
    build = release_build(compiled, release=release, environment=environment) if result else None
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
    if result and build is not None:
        met = None if threshold is None else not too_low
        _write_result(result, run, build, met=met)
    if too_low and measured is not None:
        click.echo(f"coverage {float(measured.percent):.1f} % is below {threshold:g} %", err=True)
    if run.failed or too_low:
        sys.exit(2)


def _check_result(result: Path | None, *, whole: bool, named: bool) -> None:
    from ringfence.errors import UsageError

    if result and not whole:
        raise UsageError(
            "--result is of all tests", help="test the whole repository, without --run"
        )
    if result and not named:
        raise UsageError("which content is tested?", help="give --release and --env with --result")


def _write_result(path: Path, run: "Run", build: "Build", *, met: bool | None) -> None:
    from ringfence.change.found import test_result
    from ringfence.change.read import result_bytes
    from ringfence.cli.write import write_whole

    found = test_result(run, build=build, threshold=met, now=int(time.time()))
    write_whole(path, result_bytes(found))


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
