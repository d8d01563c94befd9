"""The options by which a verifier brings its trust in a log."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ringfence.evidence.checkpoint import Checkpoint
    from ringfence.evidence.note import NoteKey
    from ringfence.ledger.quorum import Quorum
    from ringfence.ledger.trust import LedgerTrust

__all__ = [
    "FILE",
    "TrustOptions",
    "claimed_origin",
    "log_key",
    "origin_of",
    "trust_options",
    "unasked",
    "witness_quorum",
]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_HINT = "write it as in `--witness OPERATOR=witness.vkey`"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustOptions:
    """What was passed, not yet read."""

    key: Path
    origin: str | None
    pinned: tuple[Path, ...]
    witnesses: tuple[str, ...]
    quorum: int | None
    log_operator: str
    unsafe_own_operator: bool
    max_age: int | None

    def read(self, *, origin: str | None = None) -> "LedgerTrust":
        """Return the trust. `origin` is what a file claims, for a key in PEM that comes without one.

        Raise UsageError, or EvidenceError for a quorum that shows nothing.
        """
        import time

        from ringfence.errors import UsageError
        from ringfence.ledger.trust import LedgerTrust

        quorum = witness_quorum(
            self.witnesses,
            threshold=self.quorum,
            log_operator=self.log_operator,
            unsafe_own_operator=self.unsafe_own_operator,
        )
        if self.max_age is not None and quorum is None:
            hint = "the time is that of a cosignature: pass `--witness` too"
            raise UsageError("--max-age says nothing without a witness", help=hint)
        return LedgerTrust(
            key=log_key(self.key, origin=self.origin or origin, said=self.origin),
            quorum=quorum,
            pinned=tuple(map(_checkpoint, self.pinned)),
            now=int(time.time()),
            max_age=self.max_age,
        )

    @property
    def names_origin(self) -> bool:
        """Tell whether the origin was passed, by option or verifier key."""
        return self.origin is not None or not _read(self.key).startswith("-----")


def trust_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, and pass them on as one `trust`."""

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        own = {name: given.pop(name) for name in TrustOptions.__dataclass_fields__}
        return command(trust=TrustOptions(**own), **given)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


_OPTIONS = (
    click.option(
        "--key",
        required=True,
        type=FILE,
        help="The log's public key that you trust: PEM, or a C2SP verifier key.",
    ),
    click.option("--origin", help="The log that it must be of; a verifier key says it too."),
    click.option(
        "--pinned",
        multiple=True,
        type=FILE,
        help="A checkpoint that you have seen before and kept. May be repeated.",
    ),
    click.option(
        "--witness",
        "witnesses",
        multiple=True,
        metavar="OPERATOR=FILE",
        help="Who runs a witness, and the file with its C2SP verifier key. May be repeated.",
    ),
    click.option(
        "--quorum",
        type=click.IntRange(1),
        help="How many of the witnesses must have cosigned; all, if not told.",
    ),
    click.option("--log-operator", default="", help="Who runs the log; needed with --witness."),
    click.option(
        "--unsafe-own-operator",
        is_flag=True,
        help="Take a quorum that the log's own operator could meet alone.",
    ),
    click.option(
        "--max-age",
        type=click.IntRange(1),
        metavar="SECONDS",
        help="How old the cosignatures may be.",
    ),
)


def log_key(file: Path, *, origin: str | None, said: str | None = None) -> "NoteKey":
    """Read a log's public key under its origin, from PEM or a C2SP verifier key; raise UsageError.

    `said` is the origin as it was passed, which a verifier key must not contradict.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ringfence.errors import UsageError
    from ringfence.evidence.note import NoteKey
    from ringfence.keys import load_public

    text = _read(file)
    if not text.startswith("-----"):
        found = NoteKey.of_vkey(text)
        if said not in (None, found.name):
            raise UsageError("--origin is not the name of the verifier key", help="leave it out")
        return found
    public = load_public(file)
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"`{file}` is no Ed25519 key", help="pass the log's public key")
    if origin is None:
        hint = "pass --origin, or a verifier key"
        raise UsageError("a key in PEM does not say of which log it is", help=hint)
    return NoteKey(origin, public)


def witness_quorum(
    witnesses: tuple[str, ...],
    *,
    threshold: int | None,
    log_operator: str,
    unsafe_own_operator: bool,
) -> "Quorum | None":
    """Read witnesses as `OPERATOR=FILE`; None where there are none. Raise UsageError, EvidenceError."""
    from ringfence.errors import UsageError
    from ringfence.ledger.cosignature import WitnessKey
    from ringfence.ledger.quorum import Quorum, TrustedWitness

    if not witnesses:
        if threshold is not None:
            raise UsageError("--quorum says nothing without a witness", help=_HINT)
        return None
    trusted = []
    for one in witnesses:
        operator, found, file = one.partition("=")
        if not found:
            raise UsageError(f"`{one}` names no file", help=_HINT)
        trusted.append(TrustedWitness(WitnessKey.of_vkey(_read(Path(file))), operator))
    return Quorum(
        witnesses=tuple(trusted),
        threshold=len(trusted) if threshold is None else threshold,
        log_operator=log_operator,
        unsafe_own_operator=unsafe_own_operator,
    )


def claimed_origin(ledger: Path) -> str:
    """Return what a ledger's checkpoint says that it is of; raise VerifyError."""
    from ringfence.ledger.fsck import read_note

    return origin_of(read_note(ledger))


def origin_of(note: bytes) -> str:
    """Return what a note, of which nothing is verified, says that it is of; raise VerifyError."""
    from ringfence.evidence.checkpoint import Checkpoint
    from ringfence.evidence.error import VerifyError
    from ringfence.evidence.note import is_log_name, split_note

    origin = Checkpoint.parse(split_note(note)[0]).origin
    if not is_log_name(origin):
        raise VerifyError("RF921", "the checkpoint's origin is unusable")
    return origin


def unasked(trust: TrustOptions) -> tuple[str, ...]:
    """Return what is not shown where no origin was passed."""
    return () if trust.names_origin else ("the origin was compared with none that you expect",)


def _checkpoint(file: Path) -> "Checkpoint":
    from ringfence.errors import UsageError
    from ringfence.evidence.checkpoint import Checkpoint
    from ringfence.evidence.error import VerifyError
    from ringfence.evidence.note import split_note

    try:
        return Checkpoint.parse(split_note(file.read_bytes())[0])
    except (OSError, VerifyError):
        hint = "keep a copy of a ledger's `checkpoint`"
        raise UsageError(f"`{file}` is no checkpoint", help=hint) from None


def _read(path: Path) -> str:
    from ringfence.errors import UsageError

    try:
        return path.read_bytes()[:4096].decode().strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read `{path}`", help="pass a public key") from None
