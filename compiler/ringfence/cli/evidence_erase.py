"""`ringfence evidence init-personal` and `erase`: keep personal facts apart, and destroy them."""

import time
from pathlib import Path

import click

from ringfence.cli.evidence_output import form_option, print_json
from ringfence.cli.evidence_personal import open_store, store_options
from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

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
@click.argument("ledger", type=_FOLDER)
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
    required=True,
    multiple=True,
    type=KEY,
    help="The log's Ed25519 private key: PEM, or its URI (pkcs11:, hv:).",
)
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="As of `evidence append`."
)
@store_options
@passphrase_options
@form_option
def erase_facts(
    *,
    ledger: Path,
    tenant: str,
    period: str | None,
    subject: str | None,
    by: str,
    reason: str,
    keys: tuple[str | Path, ...],
    state: Path | None,
    personal_store: Path | None,
    personal_key: Path | None,
    passphrase_file: Path | None,
    passphrase_env: str,
    form: str,
) -> None:
    """Destroy the keys of a tenant's personal facts, texts and names, and record that in the LEDGER.

    Values and salts cannot be read any more; records, size and roots stay as they are, and a tombstone is
    appended and signed. A hold in `holds.yaml` beside the store refuses it whole.

    \b
    Example:
      ringfence evidence erase ledger --tenant acme --subject user:maria@acme.example \\
          --by dpo@acme.example --reason "request 17" --key log.key.pem \\
          --personal-store personal --personal-key personal.key
    """
    from ringfence.cli.signing_key import ed25519_keys
    from ringfence.ledger.settings import Settings
    from ringfence.ledger.store import Ledger
    from ringfence.personal.erasing import Request, erase
    from ringfence.personal.period import require_period
    from ringfence.personal.scope import KeyScope

    scope = KeyScope(tenant=tenant, period=require_period(period), subject=subject)
    signers = ed25519_keys(keys, file=passphrase_file, variable=passphrase_env)
    store = open_store(personal_store, personal_key)
    try:
        opened = Ledger.open(ledger, settings=Settings(keys=signers, state=state))
        try:
            request = Request(scope=scope, by=by, reason=reason, now=time.time())
            erased = erase(opened, store, request)
            published = opened.checkpoint()
        finally:
            opened.close()
    finally:
        store.close()
    size = published.checkpoint.size
    if form == "json":
        print_json(
            {
                "ledger": str(ledger), "keys": erased.keys, "facts": erased.facts,
                "periods": list(erased.periods), "records": size,
            }
        )  # fmt: skip
        return
    click.echo(
        f"destroyed {erased.keys} keys of {erased.facts} values\n"
        f"  {ledger} now holds {size} records, the tombstone among them"
    )
