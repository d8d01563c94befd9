"""`ringfence why`: explain one decision."""

import json
import sys
import time
from pathlib import Path

import click


@click.command()
@click.argument("target")
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="OPA decision log to look for the id in; may be repeated.",
)
@click.option(
    "--policies",
    "-p",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    help="Policy repository that rules, values and exceptions are looked up in.",
)
@click.option("--release", default="", help="Release of a request; the only one unless given.")
@click.option("--env", "environment", default="", help="Environment of a request.")
@click.option("--now", default="", help="Clock of a request, such as 2026-11-20T09:00:00Z.")
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(
    target: str,
    logs: tuple[Path, ...],
    policies: Path,
    release: str,
    environment: str,
    now: str,
    form: str,
) -> None:
    """Explain a decision: what each rule asked, what it read, where values come from, whom to ask.

    TARGET is a decision's id or trace id, to be found in --log, or a JSON file (`-` for stdin) with
    one event of a decision log, a decision, or a request, which OPA then decides.

    \b
    Examples:
      ringfence why 7f1c0f6e-0b7c-4f0e-8f5a-2d4f2c0e9a11 --log decisions.jsonl.gz
      ringfence why request.json --env prod
    """
    from ringfence.cli.repository import find_root
    from ringfence.errors import UsageError
    from ringfence.explain.decision import Decided, explain_decision
    from ringfence.explain.find import find_decision, read_decision
    from ringfence.explain.policy import is_same_policy
    from ringfence.language.values import parse_timestamp
    from ringfence.pipeline import compile_repository
    from ringfence.report.why import render_why

    moment = parse_timestamp(now) if now else int(time.time())
    try:
        compiled = compile_repository(find_root(policies), now=moment)
    except UsageError:
        compiled = None  # a decision explains itself; a repository adds to it
    decided: Decided | None = None
    if logs:
        decided = find_decision(target, logs)
    elif target != "-" and not Path(target).is_file():
        raise UsageError(
            f"`{target}` is no file", help="to look for a decision's id, name logs with --log"
        )
    else:
        raw = sys.stdin.buffer.read() if target == "-" else Path(target).read_bytes()
        decided, request = read_decision(raw)
        if decided is None:
            from ringfence.evaluate import evaluate, read_request

            if compiled is None:
                raise UsageError("a request needs policies", help="name them with --policies")
            if not environment:
                raise UsageError("which environment?", help="give --env")
            request = read_request(raw)
            answers = evaluate(
                compiled, request, release=release, environments=(environment,), now=moment
            )
            decided = Decided(decision=answers[environment], request=request)
    explained = explain_decision(decided, compiled)
    if form == "json":
        click.echo(json.dumps(explained, indent=2, sort_keys=True, default=str))
        return
    title = " ".join(filter(None, (decided.decision_id or explained["point"], decided.time)))
    click.echo(render_why(explained, title=title or "decision"))
    if compiled is None:
        click.echo("note: no policy repository is at hand; --policies adds values", err=True)
    elif not is_same_policy(compiled, decided.decision, tenant=explained["tenant"]):
        click.echo("note: it was decided under another policy than the one at hand", err=True)
