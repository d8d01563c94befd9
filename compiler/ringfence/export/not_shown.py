"""What a package does not show, by the trust that was brought along."""

from collections.abc import Iterator

from ringfence.export import layout
from ringfence.export.predicate import NOT_SHOWN
from ringfence.ledger.trust import LedgerTrust

__all__ = ["not_shown"]


def not_shown(trust: LedgerTrust, *, names: frozenset[str]) -> tuple[str, ...]:
    """Return the sentences; `names` are those of the package's files."""
    return (*NOT_SHOWN, *_more(trust, names))


def _more(trust: LedgerTrust, names: frozenset[str]) -> Iterator[str]:
    if trust.quorum is None:
        yield "that others are shown the same tree: no witness was asked for"
    elif trust.quorum.is_own:
        yield "that others are shown the same tree: the log's operator runs the witnesses too"
    if trust.quorum is None or None in (trust.now, trust.max_age):
        yield "that this is the newest tree: no age of a cosignature was asked for"
    if not trust.pinned:
        yield "that the tree extends one that you have seen: no checkpoint was pinned"
    if any(name.startswith(f"{layout.POLICY}sources/") for name in names):
        yield "that `policy/sources/` is what the bundles were made of: the exporter put it there"
    yield "that the summaries tell all: they were signed with the package, and not made again"
