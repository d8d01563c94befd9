"""`ringfence evidence init-personal` and `erase`: keep personal facts apart, and destroy them."""

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.personal import open_store, store_options
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.evidence.note import NoteSigner
    from ringfence.personal.erasing import Request
    from ringfence.personal.scope import Erased
    from ringfence.personal.store import PersonalStore

__all__ = ["erase_facts", "init_personal"]

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("init-personal")
@click.argument("store", type=_FOLDER)
@click.option(
    "--personal-key",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write the store's new key to; keep it on another disk than the store.",
)
def init_personal(*, store: Path, personal_key: Path) -> None:
    """Make a STORE for the values of personal facts, texts and names, and its key.

    \b
    Example:
      ringfence evidence init-personal personal --personal-key /run/keys/personal.key
    """
    from ringfence.errors import UsageError
    from ringfence.personal.sealing import make_secret
    from ringfence.personal.store import PersonalStore

    if store.exists() and (not store.is_dir() or any(store.iterdir())):
        raise UsageError(f"`{store}` is not empty", help="name a new folder")
    PersonalStore(store, secret=make_secret(personal_key), create=True).close()
    click.echo(f"made {store}, with its key in {personal_key}")


@click.command("erase")
@click.argument("ledger", required=False, type=_FOLDER)
@click.option("--tenant", required=True, help="Whose records.")
@click.option(
    "--period", help="A month such as 2026-11, `undated` or `erasures`; all, if not told."
)
@click.option("--subject", help="Who it is, as records name them; all, if not told.")
@click.option("--by", required=True, help="Who erases; it stands in the ledger.")
@click.option("--reason", required=True, help="Why; it stands in the ledger, so name no subject.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=KEY,
    help="The log's Ed25519 private key: PEM, or its URI (pkcs11:, hv:).",
)
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="As of `evidence append`."
)
@click.option(
    "--through-collector",
    is_flag=True,
    help="Let the running collector that has this store record the tombstone; name no LEDGER and key.",
)
@click.option(
    "--deadline",
    default="1m",
    show_default=True,
    help="With --through-collector: how long to wait for that.",
)
@store_options
@passphrase_options
@form_option
def erase_facts(
    *,
    ledger: Path | None,
    tenant: str,
    period: str | None,
    subject: str | None,
    by: str,
    reason: str,
    keys: tuple[str | Path, ...],
    state: Path | None,
    through_collector: bool,
    deadline: str,
    personal_store: Path | None,
    personal_key: Path | None,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Destroy the keys of a tenant's personal facts, texts and names, and record that in the LEDGER.

    Values and salts cannot be read any more; records, size and roots stay as they are, and a tombstone is
    appended and signed. A hold in `holds.yaml` beside the store refuses it whole.

    A ledger that a collector has open is written by that collector alone: with --through-collector the
    tombstone is left in the store, with the erasure, and the collector records it, once, within a second.
    Where none does before the deadline the exit code is 1, and the tombstone waits for the collector's start.

    \b
    Examples:
      ringfence evidence erase ledger --tenant acme --subject user:maria@acme.example \\
          --by dpo@acme.example --reason "request 17" --key log.key.pem \\
          --personal-store personal --personal-key personal.key
      ringfence evidence erase --through-collector --tenant acme --period 2026-11 \\
          --by dpo@acme.example --reason "retention" \\
          --personal-store personal --personal-key personal.key
    """
    from ringfence.cli.evidence.reconcile_input import read_duration
    from ringfence.cli.signing_key import ed25519_keys
    from ringfence.errors import UsageError
    from ringfence.personal.erasing import Request
    from ringfence.personal.period import require_period
    from ringfence.personal.scope import KeyScope

    if through_collector == bool(ledger or keys) or (ledger is None) == bool(keys):
        hint = "name the ledger and its --key, or --through-collector where one has it open"
        raise UsageError("nothing, or too much, says who records the erasure", help=hint)
    scope = KeyScope(tenant=tenant, period=require_period(period), subject=subject)
    request = Request(scope=scope, by=by, reason=reason, now=time.time())
    signers = ed25519_keys(keys, file=passphrase_file, variable=passphrase_env)
    seconds = read_duration(deadline)
    with contextlib.closing(open_store(personal_store, personal_key)) as store:
        if ledger is None:
            erased, size = _through_collector(store, request, seconds=seconds), None
        else:
            erased, size = _recorded(store, request, ledger=ledger, keys=signers, state=state)
    if form == "json":
        print_json(
            {
                "ledger": str(ledger) if ledger else None, "keys": erased.keys,
                "facts": erased.facts, "periods": list(erased.periods), "records": size,
            }
        )  # fmt: skip
        return
    click.echo(f"destroyed {erased.keys} keys of {erased.facts} values")
    if ledger is None:
        click.echo("  the collector has recorded the tombstone")
    else:
        click.echo(f"  {ledger} now holds {size} records, the tombstone among them")


def _recorded(
    store: "PersonalStore",
    request: "Request",
    *,
    ledger: Path,
    keys: "tuple[NoteSigner, ...]",
    state: Path | None,
) -> "tuple[Erased, int]":
    """Erase, record it in a ledger that nobody has open, and return the ledger's size too."""
    from ringfence.ledger.settings import Settings
    from ringfence.ledger.store import Ledger
    from ringfence.personal.erasing import erase

    with contextlib.closing(
        Ledger.open(ledger, settings=Settings(keys=keys, state=state))
    ) as opened:
        erased = erase(opened, store, request)
        return erased, opened.checkpoint().checkpoint.size


def _through_collector(store: "PersonalStore", request: "Request", *, seconds: float) -> "Erased":
    """Erase, and wait until the collector has recorded it."""
    from ringfence.personal.erasing import erase_keys, wait_recorded

    erased = erase_keys(store, request)
    wait_recorded(store, seconds=seconds, clock=time.monotonic, wait=time.sleep)
    return erased
