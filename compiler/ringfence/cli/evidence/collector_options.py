"""The options by which commands hand records to a running collector."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ringfence.cli.evidence.trust import FILE

if TYPE_CHECKING:
    from ringfence.delivery.destination import Destination
    from ringfence.delivery.sending import Outcome, Sender
    from ringfence.evidence.records import Record

__all__ = ["CollectorOptions", "collector_options"]

_DEADLINE: Final = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorOptions:
    """What was passed, not yet read; without `url` no collector is meant."""

    url: str | None
    token_file: Path | None
    ca: Path | None
    cert: Path | None
    cert_key: Path | None
    deadline: str
    unsafe_without_tls: bool

    def sender(self, *, progress: "Callable[[Outcome], None]" = lambda _: None) -> "Sender":
        """Return how records are sent; raise UsageError."""
        from ringfence.cli.evidence.reconcile_input import read_duration
        from ringfence.delivery.sending import Sender

        deadline = float(read_duration(self.deadline))
        return Sender(to=self._destination(), deadline=deadline, progress=progress)

    def hand_over(self, records: "Sequence[Record]") -> None:
        """Send records, all of which the collector must have taken; raise EvidenceError, UsageError."""
        from ringfence.evidence.error import EvidenceError

        done = self.sender().send(records)
        for one in done.refused:
            raise EvidenceError("RF907", f"the collector refused it: {one.code} {one.message}")

    def _destination(self) -> "Destination":
        from ringfence.delivery.destination import Destination
        from ringfence.errors import UsageError
        from ringfence.posting import Tls

        if self.url is None:
            raise UsageError("no collector is named", help="pass its address")
        if (self.cert is None) != (self.cert_key is None):
            raise UsageError("a certificate and its key belong together", help="pass both")
        pair = (str(self.cert), str(self.cert_key)) if self.cert else None
        return Destination(
            url=self.url,
            token=_token(self.token_file) if self.token_file else "",
            tls=Tls(authorities=str(self.ca or ""), certificate=pair),
            unsafe_without_tls=self.unsafe_without_tls,
        )


def collector_options(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options, of which `name` takes the address, and pass them on as one `collector`."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(**given: Any) -> Any:
            own = {one: given.pop(one) for one in CollectorOptions.__dataclass_fields__}
            return command(collector=CollectorOptions(**own), **given)

        address = click.option(
            name, "url", metavar="URL", help="The running collector, as https://collector:8443."
        )
        for option in reversed((address, *_OPTIONS)):
            run = option(run)
        return run

    return add


_OPTIONS: Final = (
    click.option(
        "--token-file", type=FILE, help="The file with the token of a principal of the collector."
    ),
    click.option("--ca", type=FILE, help="The authority of the collector's certificate, in PEM."),
    click.option("--cert", type=FILE, help="A client certificate, in PEM, instead of a token."),
    click.option("--cert-key", type=FILE, help="The certificate's private key, in PEM."),
    click.option(
        "--deadline",
        default=_DEADLINE,
        show_default=True,
        help="How long a busy or absent collector is tried.",
    ),
    click.option(
        "--unsafe-without-tls",
        is_flag=True,
        help="Send a token over http, beyond this machine too.",
    ),
)


def _token(file: Path) -> str:
    from ringfence.errors import UsageError

    try:
        return file.read_bytes()[:4096].decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read `{file}`", help="pass a file with a token") from None
