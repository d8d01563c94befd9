"""One answer to what an operator asks of a decision, a trace or a run, from verified records only."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ringfence.change.record import change_of
from ringfence.evidence.account import Account
from ringfence.evidence.attached import Attached
from ringfence.evidence.delivered import ABOUT
from ringfence.evidence.error import VerifyError
from ringfence.evidence.naming import ids_of, leads_of, needle_of
from ringfence.evidence.records import Record, RecordKind
from ringfence.ledger.fsck import FsckResult
from ringfence.ledger.search import Placed, search
from ringfence.ledger.trust import LedgerTrust

__all__ = ["Inspected", "Inspection", "inspect"]

_MOST_ROUNDS: Final = 8
"""Each is a pass over the ledger; a longer chain of lineage is told, and not followed further."""
_TOLD: Final = frozenset({RecordKind.RUN, RecordKind.GAP})
"""Kinds that name decisions and are not shown with them."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A decision's record, where it stands, what it says, and what else is held about it."""

    placed: Placed
    body: dict[str, Any]
    account: Account
    attached: Attached


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that stands under the checkpoint about an id.

    `others` are the records that are no decisions: runs, approvals, explanations, conflicts, gaps.
    `warnings` say why the answer may not be the plain one that it seems.
    """

    asked: str
    decisions: tuple[Inspected, ...]
    others: tuple[Placed, ...]
    warnings: tuple[str, ...]
    chain: FsckResult


def inspect(
    folder: Path, asked: str, *, trust: LedgerTrust, tenant: str | None = None
) -> Inspection:
    """Verify a ledger, and return what it says of a decision, trace or run.

    What is found leads on: from a run to its decisions, from a trace to the runs that name its
    decisions; another tenant's record that names the decision leads nowhere. With `tenant`, only that
    tenant's records are read. Raise VerifyError, RF971 where no record names the id.
    """
    ids = {asked}
    for _ in range(_MOST_ROUNDS):
        chain, found = search(
            folder,
            trust=trust,
            naming={needle_of(one) for one in ids},
            wanted=lambda _, record, body, ids=frozenset(ids): (  # type: ignore[misc] # bound now
                ids_of(record, body) & ids and tenant in (None, body.get("tenant"))
            ),
        )
        more = {one for placed in _leading(found, asked) for one in leads_of(placed.record)} - ids
        if not more:
            break
        ids |= more
    else:
        more = {needle_of(one) for one in more}
    if not found:
        raise VerifyError("RF971", "no record under the checkpoint names this id")
    others = tuple(one for one in found if one.record.kind is not RecordKind.DECISION)
    decisions = tuple(
        Inspected(one, body := one.record.body, Account.of(body), Attached.of(body, others))
        for one in found
        if one.record.kind is RecordKind.DECISION
    )
    return Inspection(
        asked=asked,
        decisions=decisions,
        others=others,
        warnings=(*_warnings(decisions, others), *_unfollowed(more)),
        chain=chain,
    )


def _leading(found: tuple[Placed, ...], asked: str) -> list[Placed]:
    """Return the records that lead on: where a decision was asked for, those of its tenants."""
    bodies = [(one, one.record.body) for one in found]
    owners = {
        _text(body, "tenant")
        for one, body in bodies
        if one.record.kind is RecordKind.DECISION and body.get("decision_id") == asked
    }
    return [one for one, body in bodies if not owners or _text(body, "tenant") in owners]


def _warnings(decisions: tuple[Inspected, ...], others: tuple[Placed, ...]) -> tuple[str, ...]:
    said = []
    if not decisions and any(one.record.kind is not RecordKind.CHANGE for one in others):
        said.append(
            "no record of a decision is there, so nothing here says that anything was allowed"
        )
    ids = [str(one.body.get("decision_id")) for one in decisions]
    if len(set(ids)) < len(ids):
        said.append("two records stand under one decision id, from different principals or tenants")
    foreign = _foreign(decisions, others)
    if foreign:
        said.append("a record of another tenant names a decision here, and is not shown with it")
    others = tuple(one for one in others if one.position not in foreign)
    kinds = {one.record.kind for one in others}
    if RecordKind.CONFLICT in kinds:
        said.append("another record was delivered under a decision's id: the first is shown here")
    if any(one.record.kind is RecordKind.CHANGE and not change_of(one.record) for one in others):
        said.append("a record of a change is not of a form that this version knows")
    causes = [one.record.body.get("cause") for one in others if one.record.kind is RecordKind.GAP]
    if "untimely" in causes:
        said.append("a gap record says that a decision is dated far from its arrival")
    if any(cause != "untimely" for cause in causes):
        said.append("a gap record says that something is missing here")
    return tuple(said)


def _unfollowed(more: set[str]) -> tuple[str, ...]:
    said = "records lead further than was followed: inspect these ids too: "
    return (said + ", ".join(sorted(more)[:_MOST_ROUNDS]),) if more else ()


def _foreign(decisions: tuple[Inspected, ...], others: tuple[Placed, ...]) -> frozenset[int]:
    """Return where records stand that name a decision which only other tenants have."""
    owners: dict[str, set[str | None]] = {}
    for one in decisions:
        if (name := _text(one.body, "decision_id")) is not None:
            owners.setdefault(name, set()).add(_text(one.body, "tenant"))
    found = set()
    for placed in others:
        body = placed.record.body
        named = _named(placed.record, body) & owners.keys()
        if named and not any(_text(body, "tenant") in owners[name] for name in named):
            found.add(placed.position)
    return frozenset(found)


def _named(record: Record, body: Mapping[str, Any]) -> set[str]:
    """Return the ids by which a record is about decisions; a gap without a tenant is the operator's own."""
    if record.kind in ABOUT:
        return {name for name in (_text(body, "decision_id"),) if name is not None}
    is_told = record.kind in _TOLD and isinstance(body.get("tenant"), str)
    return ids_of(record, body) if is_told else set()


def _text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a member; one that is no text counts as missing."""
    value = body.get(name)
    return value if isinstance(value, str) else None
