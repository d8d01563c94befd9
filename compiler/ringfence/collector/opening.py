"""Open the ledgers that a configuration names, one writer each, and close them as one."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ringfence.collector.config import Configuration
from ringfence.collector.config_model import LedgerConfig
from ringfence.collector.revisions import KnownRevisions
from ringfence.collector.writer import OriginWriter
from ringfence.custody.place import is_key_uri
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteSigner
from ringfence.evidence.runner_key import read_runner_key
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.witness_http import asking
from ringfence.personal.erasing import record_pending
from ringfence.personal.keeping import Personal
from ringfence.personal.schema import personal_names
from ringfence.personal.sealing import read_secret
from ringfence.personal.store import PersonalStore

__all__ = ["opened"]


@contextlib.contextmanager
def opened(
    config: Configuration, *, signer: Callable[[str | Path], NoteSigner]
) -> Iterator[Mapping[str, OriginWriter]]:
    """Open every ledger during the block, and publish a last checkpoint of each at its end.

    `signer` reads a private key. No ledger is made here: where a disk is not mounted, a new one would
    fork the log. Raise UsageError for files that cannot be used, and EvidenceError: RF941 where another
    writer has a ledger open, RF916 where a personal store cannot be used, RF947 where a folder holds none, or one of another origin.
    """
    revisions = KnownRevisions(known=config.known_revisions, files=config.revision_files)
    runners = {name: read_runner_key(name, file=file) for name, file in config.runners.items()}
    with contextlib.ExitStack() as stack:
        writers = {}
        for one in config.ledgers:
            ledger = _open(config, one, signer=signer)
            stack.callback(ledger.close)
            personal = _personal(config, one)
            if personal.store is not None:
                stack.callback(personal.store.close)
                record_pending(ledger, personal.store)
            writers[one.origin] = OriginWriter(
                ledger,
                revisions=revisions,
                allowed_facts=frozenset(one.facts),
                personal=personal,
                runners=runners,
                findings_per_minute=config.limits.findings_per_minute,
                age=config.limits.age,
                clock=time.time,
            )
        yield writers
        for writer in writers.values():
            writer.finish()


def _open(
    config: Configuration, one: LedgerConfig, *, signer: Callable[[str | Path], NoteSigner]
) -> Ledger:
    settings = Settings(
        keys=tuple(signer(_key_place(config, key)) for key in one.keys),
        state=config.path(one.state) if one.state else None,
        witnessing=_witnessing(config, one),
    )
    ledger = Ledger.open(config.path(one.folder), settings=settings)
    if ledger.origin != one.origin:
        ledger.close()
        raise EvidenceError("RF947", f"`{one.folder}` holds the ledger of another origin")
    return ledger


def _personal(config: Configuration, one: LedgerConfig) -> Personal:
    """Open an origin's personal store, if it has one."""
    if one.personal is None:
        return Personal(names=personal_names())
    told, secret = one.personal, read_secret(config.path(one.personal.key))
    return Personal(
        names=personal_names() | frozenset(told.facts),
        store=PersonalStore(config.path(told.store), secret=secret),
        subject=told.subject,
    )


def _key_place(config: Configuration, key: str) -> str | Path:
    """Return a file's path, or a URI as it stands."""
    return key if is_key_uri(key) else config.path(key)


def _witnessing(config: Configuration, one: LedgerConfig) -> Witnessing | None:
    if not one.witnesses:
        return None
    trusted = tuple(
        TrustedWitness(WitnessKey.of_vkey(_text(config.path(named.key))), named.operator)
        for named in one.witnesses
    )
    quorum = Quorum(
        witnesses=trusted,
        threshold=one.quorum or len(trusted),
        log_operator=one.log_operator or "",
    )
    urls = zip(trusted, one.witnesses, strict=True)
    ask = {known.key.name: asking(named.url) for known, named in urls if named.url}
    return Witnessing(quorum=quorum, ask=ask)


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[:4096].decode().strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read `{path}`", help="name a C2SP verifier key") from None
