"""`ringfence replay`: evaluate recorded decisions on a candidate."""

import json
import sys
import time
from pathlib import Path

import click


@click.command()
@click.argument(
    "logs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--candidate",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Policy repository to try.",
)
@click.option(
    "--baseline",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="Policy repository that was in force.",
)
@click.option("--release", required=True, help="Release, in both.")
@click.option("--env", "environment", required=True, help="Environment, in both.")
@click.option("--exact", is_flag=True, help="Evaluate every event on OPA; at present the only way.")
@click.option(
    "--fail-on",
    type=click.Choice(["new-block", "new-allow", "any"]),
    help="Exit 2 when this is found.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report as JSON too.",
)
@click.option(
    "--result",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what `ringfence attest --from-replay` reads.",
)
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(
    logs: tuple[Path, ...],
    candidate: Path,
    baseline: Path,
    release: str,
    environment: str,
    exact: bool,
    fail_on: str | None,
    output: Path | None,
    result: Path | None,
    form: str,
) -> None:
    """Evaluate every decision of OPA decision LOGS on the baseline and on the candidate.

    Logs are gzip or plain: uploads (JSON arrays), JSON lines, console lines. Each event is decided under
    the log's own clock. An event whose recorded decision the baseline does not give is reported as
    untrustworthy, and never counted as unchanged.

    \b
    Example:
      ringfence replay decisions/*.gz --baseline main --candidate . --release runtime --env prod \\
          --result replay.json
    """
    from ringfence.change.found import log_digests, replay_result
    from ringfence.change.read import result_bytes
    from ringfence.cli.repository import find_root
    from ringfence.cli.write import write_whole
    from ringfence.decision_log.reading import read_events
    from ringfence.errors import UsageError
    from ringfence.evaluate import loaded_files, release_build
    from ringfence.opa.policies import PolicyServer
    from ringfence.pipeline import compile_repository
    from ringfence.replay.exact import replay_exact
    from ringfence.report.replay import render_replay

    now = int(time.time())
    sides = [compile_repository(find_root(path), now=now) for path in (baseline, candidate)]
    builds = [release_build(one, release=release, environment=environment) for one in sides]
    loaded = [loaded_files(one, build) for one, build in zip(sides, builds, strict=True)]
    digests = log_digests(logs) if result else ()
    with (
        PolicyServer(loaded[0]) as before,
        PolicyServer(loaded[1]) as after,
        click.progressbar(
            length=0, label="replaying", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar,
    ):
        report = replay_exact(
            read_events(logs), baseline=before, candidate=after, progress=bar.update
        )
    if result:
        if log_digests(logs) != digests:
            raise UsageError(
                "a log changed while it was replayed", help="replay logs that are whole"
            )
        made = replay_result(
            report, baseline=builds[0], candidate=builds[1], logs=digests, now=int(time.time())
        )
        write_whole(result, result_bytes(made))
    text = json.dumps(report.as_json(), indent=2, sort_keys=True)
    if output:
        write_whole(output, text.encode() + b"\n")
    click.echo(text if form == "json" else render_replay(report))
    found = {
        "new-block": report.newly_blocked,
        "new-allow": report.newly_allowed,
        "any": report.events - report.unchanged,
        None: 0,
    }
    if found[fail_on]:
        sys.exit(2)
