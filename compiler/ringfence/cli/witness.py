"""`ringfence witness`: cosign the checkpoints of others' logs."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.evidence.note import NoteKey

__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--state",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that remembers each log's newest checkpoint. Never restore an old copy of it.",
)
@click.option(
    "--key",
    required=True,
    type=KEY,
    help="The witness's Ed25519 private key: PEM, or its URI (pkcs11:, hv:).",
)
@click.option("--name", required=True, help="The witness's name, such as witness.example/w1.")
@click.option(
    "--log",
    "logs",
    required=True,
    multiple=True,
    type=_FILE,
    help="A file with a log's C2SP verifier key; one for each key of each log.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="0, the default: a free one."
)
@passphrase_options
def command(
    *,
    state: Path,
    key: str | Path,
    name: str,
    logs: tuple[Path, ...],
    host: str,
    port: int,
    passphrase_file: Path | None,
    passphrase_env: str,
) -> None:
    """Serve a witness (C2SP tlog-witness) until it is stopped.

    It prints its verifier key and its address, and cosigns what extends the checkpoint that it knows of
    a log. It speaks plain HTTP: put a TLS proxy before it. Run it on a machine, and under an operator,
    that the log has no hand in; otherwise it shows nothing.

    \b
    Example:
      ringfence witness --state witness --key w1.key.pem --name witness.example/w1 --log log.vkey
    """
    import time

    from ringfence.cli.signing_key import ed25519_key
    from ringfence.errors import UsageError
    from ringfence.ledger.witness import Witness
    from ringfence.ledger.witness_http import WitnessServer

    private = ed25519_key(key, file=passphrase_file, variable=passphrase_env)
    known: dict[str, tuple[NoteKey, ...]] = {}
    for log in map(_log, logs):
        known[log.name] = (*known.get(log.name, ()), log)
    witness = Witness(state, name=name, key=private, logs=known, clock=time.time)
    try:
        with WitnessServer((host, port), witness=witness) as server, _until_stopped():
            click.echo(f"{witness.key.vkey}\n{server.url}")
            server.serve_forever()
    except OSError as error:
        raise UsageError(f"cannot listen on `{host}`: {error.strerror}") from None
    finally:
        witness.close()


def _log(file: Path) -> "NoteKey":
    from ringfence.errors import UsageError
    from ringfence.evidence.error import EvidenceError
    from ringfence.evidence.note import NoteKey

    try:
        return NoteKey.of_vkey(file.read_text(encoding="utf-8").strip())
    except (EvidenceError, UnicodeDecodeError):
        hint = "`keys/log.vkey` of a package holds one"
        raise UsageError(f"`{file}` holds no verifier key of a log", help=hint) from None


class _StoppedError(BaseException):
    """The system asked the witness to end: no error of a request, which the server would survive."""


@contextlib.contextmanager
def _until_stopped() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the block without an error."""

    def stop(number: int, frame: object) -> NoReturn:
        raise _StoppedError

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        with contextlib.suppress(_StoppedError):
            yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
