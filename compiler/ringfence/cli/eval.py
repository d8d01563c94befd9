"""`ringfence eval`: ask for one decision, explained."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("request", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option(
    "--policies",
    "-p",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    help="Policy repository; the current directory unless given.",
)
@click.option(
    "--release", default="", help="Release whose levels count; the only one unless given."
)
@click.option(
    "--env",
    "environments",
    multiple=True,
    help="Environment; may be repeated; all of the release unless given.",
)
@click.option("--now", default="", help='Clock to decide under, such as "2026-11-20T09:00:00Z".')
@click.option(
    "--result",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a decision at policy.activate as a file that can be sealed.",
)
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(
    request: Path,
    policies: Path,
    release: str,
    environments: tuple[str, ...],
    now: str,
    result: Path | None,
    form: str,
) -> None:
    """Ask OPA for the decision on REQUEST, a JSON file with point, tenant and facts (`-` for stdin).

    Prints, for every environment, the action, why, which line of YAML says so, and what to do.
    Exits 2 when any of them does not allow the request.

    \b
    Example:
      ringfence eval request.json --env prod
    """
    from ringfence.cli.repository import find_root
    from ringfence.evaluate import evaluate, read_request
    from ringfence.language.values import parse_timestamp
    from ringfence.pipeline import compile_repository
    from ringfence.report.decision import render_decision

    moment = parse_timestamp(now) if now else int(time.time())
    compiled = compile_repository(find_root(policies), now=moment)
    asked = read_request(sys.stdin.buffer.read() if str(request) == "-" else request.read_bytes())
    decisions = evaluate(compiled, asked, release=release, environments=environments, now=moment)
    if result:
        _write_result(result, asked, decisions, clock=moment)
    if form == "json":
        click.echo(json.dumps(decisions, indent=2, sort_keys=True))
    else:
        texts = [render_decision(name, one) for name, one in decisions.items()]
        click.echo("\n\n".join(texts))
    if not all(one["allowed"] for one in decisions.values()):
        sys.exit(2)


def _write_result(
    path: Path, asked: dict[str, Any], decisions: dict[str, dict[str, Any]], *, clock: int
) -> None:
    from ringfence.change.found import promotion_result
    from ringfence.change.read import result_bytes
    from ringfence.cli.write import write_whole
    from ringfence.errors import UsageError

    facts = asked["facts"] if isinstance(asked["facts"], dict) else {}
    (name, decision), *others = decisions.items()
    activation = facts.get("activation")
    wanted = activation.get("environment") if isinstance(activation, dict) else None
    if others or asked["point"] != "policy.activate" or wanted != name:
        raise UsageError(
            "--result is of one decision at `policy.activate`, in the environment that it is about",
            help="name that environment in --env",
        )
    found = promotion_result(facts, decision, clock=clock, now=int(time.time()))
    write_whole(path, result_bytes(found))
