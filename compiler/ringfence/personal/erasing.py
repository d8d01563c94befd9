"""Erase: destroy keys, unless a hold forbids it, and let the ledger say so."""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind, make_record
from ringfence.ledger.store import Ledger
from ringfence.personal.hold import read_holds
from ringfence.personal.scope import Erased, KeyScope
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import set_apart

__all__ = ["Request", "erase", "erase_keys", "record_pending", "wait_recorded"]

_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be erased, who asks, why, and when by epoch seconds."""

    scope: KeyScope
    by: str
    reason: str
    now: float


def erase(ledger: Ledger, store: PersonalStore, request: Request) -> Erased:
    """Erase a scope, and append its tombstone, which is durable on return; no root changes.

    The note of the erasure is durable with it, so that a crash in between leaves no erasure untold: the
    next one, or the next append, records it. Raise EvidenceError: RF917 where a hold names any of it, and
    nothing is erased then; RF916 where the store cannot be used. Raise UsageError where nothing is
    kept of a scope without a period.
    """
    found = erase_keys(store, request)
    record_pending(ledger, store)
    return found


def erase_keys(store: PersonalStore, request: Request) -> Erased:
    """Erase a scope, and leave its tombstone pending: whoever has the ledger open records it.

    Raise as `erase` does.
    """
    scope = request.scope
    periods = store.periods(scope) if scope.period is None else (scope.period,)
    if not periods:
        hint = "check tenant and subject; what was erased before stays so"
        raise UsageError("nothing is kept of this tenant and subject", help=hint)

    def noted(erased: Erased) -> tuple[str, str]:
        # Under the store's lock: a collector may have kept more since the periods were read.
        _require_free(store, scope.tenant, erased.periods)
        return _note(request, erased, store=store)

    _require_free(store, scope.tenant, periods)
    return store.erase(scope, note=noted)


def _require_free(store: PersonalStore, tenant: str, periods: Iterable[str]) -> None:
    """Raise EvidenceError (RF917) where a hold names any of the periods, or cannot be read."""
    holds = read_holds(store.folder)
    for period in periods:
        holds.refuse(tenant=tenant, period=period)


def wait_recorded(
    store: PersonalStore,
    *,
    seconds: float,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> None:
    """Wait until a collector that has the store open has recorded every tombstone.

    `clock` is in seconds, and `wait` lets some pass. Raise EvidenceError (RF907) where none has within
    `seconds`: what was erased stays so, and the tombstone waits.
    """
    end = clock() + seconds
    while store.pending():
        if clock() >= end:
            hint = "start the collector that has this store: it records what waits, once"
            said = "the keys are destroyed, and no collector has recorded the tombstone yet"
            raise EvidenceError("RF907", said, help=hint)
        wait(_PAUSE)


def record_pending(ledger: Ledger, store: PersonalStore) -> int:
    """Append the tombstones that are due, each once, and count them.

    The store is written anew before, so that no tombstone tells of what its file still holds. A tombstone
    says what the log has signed last, which the erasure leaves as it is.
    """
    due = store.pending()
    if not due:
        return 0
    store.rewrite()
    known = {
        ledger.read(position).body.get("id")
        for position in ledger.index.kind(RecordKind.RETENTION_EVENT.value)
    }
    stood = _stood(ledger)
    records = [
        make_record(RecordKind.RETENTION_EVENT, {**json.loads(body), **stood})
        for one, body in due
        if one not in known
    ]
    if records:
        ledger.append(records)
    for one, _ in due:
        store.recorded(one)
    return len(records)


def _stood(ledger: Ledger) -> dict[str, Any]:
    """Return size and root that the log has signed last."""
    published = ledger.published
    if published is None:
        return {}
    point = published.checkpoint
    return {"root": point.root.hex(), "size": point.size}


def _note(request: Request, erased: Erased, *, store: PersonalStore) -> tuple[str, str]:
    """Return the tombstone's id and body; it never names the subject.

    Who erased and why is kept apart in the period of erasures, which no erasure of all others takes.
    """
    time = datetime.fromtimestamp(request.now, UTC).isoformat(timespec="seconds")
    scope, made = request.scope, secrets.token_hex(16)
    body = {
        "by": request.by,
        "event": "erase",
        "facts": erased.facts,
        "id": made,
        "keys": erased.keys,
        "periods": list(erased.periods) if scope.period is None else [scope.period],
        "reason": request.reason,
        "scope": "period" if scope.subject is None else "subject",
        "tenant": scope.tenant,
        "timestamp": time.replace("+00:00", "Z"),
    }
    kept = set_apart(body, RecordKind.RETENTION_EVENT, store=store)
    return made, json.dumps(kept)
