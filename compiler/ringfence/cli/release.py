"""`ringfence release`: what a publisher asks before a release is activated."""

import json
from pathlib import Path
from typing import Any

import click

__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_out = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; standard output unless given.",
)


@click.group("release")
def command() -> None:
    """Ask to activate a release: its facts, and the request with its tokens."""


@command.command("facts")
@click.option(
    "--build", "built", required=True, type=_FILE, help="What `ringfence build --result` wrote."
)
@click.option("--test", "tests", type=_FILE, help="What `ringfence test --result` wrote.")
@click.option("--replay", type=_FILE, help="What `ringfence replay --result` wrote.")
@click.option("--by", required=True, help="Who asks, such as user:maria@platform.example.")
@click.option("--change-ref", default="", help="The change, such as CHG-7.")
@click.option(
    "--more",
    type=click.Path(path_type=str, allow_dash=True),
    help="JSON file with facts that no result shows, such as tested.* and policy_diff.*.",
)
@_out
def facts(
    *,
    built: Path,
    tests: Path | None,
    replay: Path | None,
    by: str,
    change_ref: str,
    more: str | None,
    output: Path | None,
) -> None:
    """Write the facts of a request at policy.activate, as the results have them.

    All results must be of the build's content. A test that failed is written as failed.

    \b
    Example:
      ringfence release facts --build build.json --test test.json --replay replay.json \\
          --by user:maria@platform.example --change-ref CHG-7 -o facts.json
    """
    from ringfence.change.facts import activation_facts, check_request, shown_facts
    from ringfence.change.model import BuildResult, ReplayResult, TestResult
    from ringfence.change.read import read_result
    from ringfence.cli.token_input import check_identity, read_facts
    from ringfence.testing.facts import nested

    check_identity("--by", by)
    found: dict[str, Any] = {
        "request.by": by,
        **activation_facts(read_result(built, BuildResult)),
    }
    if change_ref:
        found["activation.change_ref"] = change_ref
    results: list[TestResult | ReplayResult] = []
    if tests:
        results.append(read_result(tests, TestResult))
    if replay:
        results.append(read_result(replay, ReplayResult))
    for one in results:
        if isinstance(one, ReplayResult):
            found["activation.baseline"] = one.baseline
        found |= shown_facts(one)
    said = _joined(nested(found), read_facts(more) if more else {}, place="")
    for one in results:
        check_request(one, said)
    _write(said, output)


@command.command("request")
@click.option(
    "--facts",
    "source",
    required=True,
    type=click.Path(path_type=str, allow_dash=True),
    help="What `ringfence release facts` wrote.",
)
@click.option(
    "--attestation",
    "attestations",
    multiple=True,
    type=_FILE,
    help="Token of `ringfence attest`; may be repeated.",
)
@click.option(
    "--approval",
    "approvals",
    multiple=True,
    type=_FILE,
    help="Token of `ringfence approve`; may be repeated.",
)
@_out
def request(
    *,
    source: str,
    attestations: tuple[Path, ...],
    approvals: tuple[Path, ...],
    output: Path | None,
) -> None:
    """Write the request at policy.activate: facts, attestations and approvals.

    \b
    Example:
      ringfence release request --facts facts.json --attestation ci.token \\
          --approval lee.token --approval robin.token -o request.json
    """
    from ringfence.cli.token_input import read_facts

    asked = {
        "point": "policy.activate",
        "tenant": "platform",
        "facts": read_facts(source),
        "attestations": [path.read_text().strip() for path in attestations],
        "approvals": [path.read_text().strip() for path in approvals],
    }
    _write(asked, output)


def _joined(found: dict[str, Any], more: dict[str, Any], *, place: str) -> dict[str, Any]:
    """Return both; raise UsageError where they name one fact."""
    from ringfence.errors import UsageError

    joined = dict(found)
    for name, value in more.items():
        path = f"{place}{name}"
        if name not in found:
            joined[name] = value
        elif isinstance(found[name], dict) and isinstance(value, dict):
            joined[name] = _joined(found[name], value, place=f"{path}.")
        else:
            raise UsageError(
                f"`{path}` is in --more too", help="leave out there what results and options say"
            )
    return joined


def _write(value: dict[str, Any], output: Path | None) -> None:
    from ringfence.cli.write import write_whole

    text = json.dumps(value, indent=2, sort_keys=True, default=_refuse)
    if output is None:
        click.echo(text)
    else:
        write_whole(output, f"{text}\n".encode())


def _refuse(_: object) -> None:
    from ringfence.errors import UsageError

    raise UsageError(
        "a fact has a fraction", help="facts of `policy.activate` are texts and counts"
    )
