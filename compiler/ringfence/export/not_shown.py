"""What a package does not show, by the trust that was brought along."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ringfence.decision_log.event import nanoseconds
from ringfence.enterprise.policy import ExportPolicy
from ringfence.evidence.records import RecordKind
from ringfence.export import layout
from ringfence.export.pages import VERSION
from ringfence.export.predicate import NOT_SHOWN
from ringfence.ledger.search import Placed
from ringfence.ledger.trust import LedgerTrust
from ringfence.timestamp.authority import Stamp

__all__ = ["not_shown", "unasked_policy", "undated", "unknown_pages"]


def not_shown(trust: LedgerTrust, *, names: frozenset[str]) -> tuple[str, ...]:
    """Return the sentences; `names` are those of the package's files."""
    return (*NOT_SHOWN, *_more(trust, names))


def undated(stamp: Stamp | None, records: Iterable[Placed]) -> Iterator[str]:
    """Say what a verified timestamp, or the lack of one, leaves open about times."""
    if stamp is None:
        yield "that the checkpoint is as old as it says: no timestamp authority was asked for"
        return
    bound = int(stamp.time.timestamp()) + 1
    decisions = (one for one in records if one.record.kind is RecordKind.DECISION)
    times = (nanoseconds(one.record.body.get("timestamp")) for one in decisions)
    if late := sum(at is not None and at > bound * 1_000_000_000 for at in times):
        yield f"that {late} decisions were made when they say: that is after the timestamp"


def unknown_pages(said: Mapping[str, Any]) -> Iterator[str]:
    """Say where the pages were not made again."""
    if said["pages"] != VERSION:
        yield f"that the summaries tell what the records say: their version {said['pages']} is not known here"


def unasked_policy(said: Mapping[str, Any], policy: ExportPolicy | None) -> Iterator[str]:
    """Say what an enterprise package leaves open about its policy and deployment."""
    if said["profile"] != "enterprise":
        return
    if policy is None:
        yield "that the export policy is the one in force: none was brought along"
    yield "that the ledger is deployed, and where the package went, as it says: the exporter says so"


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
