"""`ringfence evidence seal`: decision logs as a package that is made once."""

import base64
import sys
from pathlib import Path
from typing import Any

import click

from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.trust import FILE
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

__all__ = ["seal_logs"]


@click.command("seal")
@click.argument("logs", nargs=-1, required=True, type=FILE)
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="The package's folder; new or empty.",
)
@click.option(
    "--key",
    required=True,
    type=KEY,
    help="The log's Ed25519 private key: PEM, or its URI (pkcs11:, hv:).",
)
@click.option("--origin", required=True, help="The log's name, such as example.com/runners.")
@click.option(
    "--facts",
    default="",
    metavar="NAMES",
    help="Facts to copy, by dotted name, with commas; all others are only named.",
)
@passphrase_options
@form_option
def seal_logs(
    *,
    logs: tuple[Path, ...],
    output: Path,
    key: str | Path,
    origin: str,
    facts: str,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Seal the decisions of OPA decision LOGS into a package that an outsider can verify.

    Logs are gzip or plain: uploads (JSON arrays), JSON lines, console lines. What cannot be sealed is
    reported by file and line, and the rest is sealed; the exit code is then 2.

    \b
    Example:
      ringfence evidence seal decisions.jsonl.gz -o package --key log.key.pem \\
          --origin example.com/runners --facts runner.class,runner.size
    """
    from ringfence.cli.signing_key import ed25519_key
    from ringfence.decision_log.reading import read_events
    from ringfence.evidence.ingest import Tally, decision_records
    from ringfence.evidence.seal import seal
    from ringfence.personal.keeping import Personal
    from ringfence.personal.schema import personal_names
    from ringfence.report.escape import escape_line

    private = ed25519_key(key, file=passphrase_file, variable=passphrase_env)
    allowed = frozenset(name.strip() for name in facts.split(",") if name.strip())
    tally = Tally()
    personal = Personal(names=personal_names())  # a package has no store, so these are withheld
    records = decision_records(
        read_events(logs), allowed_facts=allowed, tally=tally, personal=personal
    )
    sealed = seal(records, out=output, origin=origin, key=private)
    for finding in tally.findings:
        click.echo(escape_line(f"{finding.place}: {finding.code} {finding.message}"), err=True)
    root = base64.b64encode(sealed.root).decode()
    said: dict[str, Any] = {
        "package": str(sealed.path), "origin": sealed.origin, "records": sealed.size, "root": root,
        "key": sealed.key, "kinds": dict(sealed.kinds), "duplicates": tally.duplicates,
        "conflicts": tally.conflicts, "refused": tally.refused,
    }  # fmt: skip
    if form == "json":
        print_json(said)
    else:
        click.echo(
            f"sealed {sealed.size} records in {sealed.path}\n  origin {sealed.origin}\n"
            f"  root   {root}\n  key    {sealed.key}\n  {tally.duplicates} duplicates dropped, "
            f"{tally.conflicts} conflicts, {tally.refused} findings"
        )
    if tally.refused:
        sys.exit(2)
