"""The witnesses that cosign."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.ledger.publication import Witnessing
    from ringfence.ledger.quorum import Quorum

__all__ = ["witnessing"]


def witnessing(quorum: "Quorum | None", urls: tuple[str, ...]) -> "Witnessing | None":
    """Return how a quorum's witnesses are asked, by `NAME=URL`; raise UsageError."""
    from ringfence.errors import UsageError
    from ringfence.ledger.publication import Witnessing
    from ringfence.ledger.witness_http import asking

    known = {key.name for key in quorum.keys} if quorum else set()
    ask = {}
    for one in urls:
        name, found, url = one.partition("=")
        if not found or name not in known:
            hint = "write `--witness-url NAME=URL` with the name in a key of --witness"
            raise UsageError(f"`{name}` is the name of no witness that was passed", help=hint)
        ask[name] = asking(url)
    return Witnessing(quorum=quorum, ask=ask) if quorum else None
