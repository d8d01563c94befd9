"""`ringfence collect`: receive what OPA uploads, and keep it in ledgers."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.passphrase import passphrase_options

if TYPE_CHECKING:
    from ringfence.collector.config import Configuration
    from ringfence.evidence.note import NoteSigner

__all__ = ["command"]


def _new_token(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from ringfence.collector.credential import digest_of, new_token

        token = new_token()
        click.echo(token)
        click.echo(f"token: {digest_of(token)}", err=True)
        context.exit()


@click.command()
@click.option(
    "--config",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The collector's configuration, YAML.",
)
@click.option("--check", is_flag=True, help="Only check the configuration.")
@click.option(
    "--new-token",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_new_token,
    help="Print a new token to stdout and its digest for the configuration to stderr, and end.",
)
@passphrase_options
def command(
    *, config: Path, check: bool, passphrase_file: Path | None, passphrase_env: str
) -> None:
    """Receive OPA's decision logs and status, and records of others, over HTTP, until it is stopped.

    An upload is answered with 200 once all of it is on disk; `ringfence evidence send` sends records. It
    prints its address; findings go to stderr, one JSON object a line. The ledgers are made before with
    `ringfence evidence init`.

    \b
    Example:
      ringfence collect --config collector.yaml
    """
    from ringfence.collector.config import read_configuration
    from ringfence.keys import read_passphrase

    read = read_configuration(config)
    if check:
        click.echo(f"{config}: {len(read.principals)} principals, {len(read.ledgers)} ledgers")
        return
    _serve(read, passphrase=read_passphrase(file=passphrase_file, variable=passphrase_env))


def _serve(config: "Configuration", *, passphrase: bytes | None) -> None:
    from ringfence.collector.app import collector_app
    from ringfence.collector.credential import Credentials
    from ringfence.collector.opening import opened
    from ringfence.collector.server import listen, serve
    from ringfence.custody.opening import open_ed25519

    on = listen(config.listen.host, port=config.listen.port)
    scheme = "https" if config.listen.tls else "http"
    host, port = on.getsockname()[:2]
    address = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def signer(place: str | Path) -> "NoteSigner":
        return open_ed25519(place, secret=passphrase)

    with on, opened(config, signer=signer) as writers:
        app = collector_app(
            writers=writers,
            credentials=Credentials(config.principals),
            limits=config.limits,
            report=_report,
            ready=lambda: click.echo(address),
        )
        serve(app, on=on, config=config.listen, folder=config.folder, limits=config.limits)


def _report(finding: Mapping[str, Any]) -> None:
    from ringfence.report.escape import escape_line

    sys.stderr.write(escape_line(json.dumps(finding, sort_keys=True)) + "\n")
    sys.stderr.flush()
