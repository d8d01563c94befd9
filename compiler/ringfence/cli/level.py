"""`ringfence level`: step a rule down in an incident."""

from pathlib import Path

import click


@click.group("level")
def command() -> None:
    """Step a rule's level down for a while; steps up belong into a release."""


@command.command("set")
@click.argument("environment")
@click.argument("rule")
@click.argument("level", type=click.Choice(["observe", "warn"]))
@click.option("--incident", required=True, help="The incident that asks for it, such as INC-9.")
@click.option("--by", required=True, help="Who decides it, such as user:lee@platform.example.")
@click.option("--reason", required=True, help="Why.")
@click.option("--for", "lasts", default="24h", show_default=True, help="How long; at most 14d.")
@click.option("--owner", required=True, help="Team that owns the document, of ringfence.yaml.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The policy repository (default: this directory).",
)
def set_level(
    environment: str,
    rule: str,
    level: str,
    incident: str,
    by: str,
    reason: str,
    lasts: str,
    owner: str,
    root: Path,
) -> None:
    """Write platform/step-downs/…yaml: RULE at LEVEL in ENVIRONMENT until it expires.

    The live bundle built next carries it, signed; sidecars follow within minutes, and without it they
    go back by themselves. Nothing is written where the step-down is refused.

    \b
    Example:
      ringfence level set prod grounding.min-score warn --incident INC-9 \\
        --by user:lee@platform.example --owner platform-governance --reason "false alarms" --for 8h
    """
    import re
    import time

    from ringfence.cli.repository import find_root
    from ringfence.errors import CompileError, UsageError
    from ringfence.language.values import parse_duration
    from ringfence.pipeline import compile_repository
    from ringfence.trust.file import create_file
    from ringfence.trust.written import timestamp, write_document

    now = int(time.time())
    try:
        until = now + parse_duration(lasts)
    except ValueError as error:
        raise UsageError(f"--for {error}", help="for example --for 8h") from None
    folder = find_root(root)
    name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{incident}-{rule}-{environment}").strip("-")[:60]
    text = write_document(
        "StepDown",
        metadata={"name": name, "scope": "platform", "owner": owner},
        spec={
            "rule": rule,
            "environment": environment,
            "level": level,
            "incident": incident,
            "by": by,
            "reason": reason,
            "starts_at": timestamp(now),
            "expires_at": timestamp(until),
        },
    )
    path = Path("platform", "step-downs", f"{name}.yaml")
    create_file(folder / path, text)
    try:
        compile_repository(folder, now=now)
    except CompileError:
        (folder / path).unlink()
        raise
    click.echo(path.as_posix())
