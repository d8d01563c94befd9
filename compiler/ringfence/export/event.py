"""Records of exports in the ledger that they were made of."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.export import layout
from ringfence.export.request import ExportRequest
from ringfence.ledger.store import Ledger
from ringfence.personal.store import PersonalStore
from ringfence.personal.texts import with_texts_apart

__all__ = ["export_events", "kept_apart", "record_export"]


def export_events(
    files: Mapping[str, bytes], *, request: ExportRequest, key: str, size: int, now: float
) -> tuple[Record, ...]:
    """Return a record for each tenant, so that none is told of another; `now` is in epoch seconds.

    `key` is the thumbprint of the package's key, and `size` that of the tree that was exported.
    """
    time = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    body = {
        "by": request.exporter.name,
        "key": key,
        "policy_sha256": request.extra.get("policy_sha256"),
        "profile": request.profile,
        "selection": request.selection.described(),
        "size": size,
        "statement_sha256": hashlib.sha256(files[layout.STATEMENT]).hexdigest(),
        "timestamp": time,
        "views": sorted(request.views),
    }
    return tuple(
        make_record(RecordKind.EXPORT_EVENT, {**body, "tenant": tenant})
        for tenant in sorted(request.selection.tenants)
    )


def record_export(
    ledger: Path, events: tuple[Record, ...], *, store: PersonalStore | None = None
) -> None:
    """Append the records, which are on disk when this returns; the next checkpoint is over them.

    No key is needed, since nothing is signed here. With a store the exporter's name is kept apart. Raise
    EvidenceError where another writer has the ledger open, or the store cannot be used.
    """
    opened = Ledger.open(ledger)
    try:
        opened.append(kept_apart(events, store=store))
    finally:
        opened.close()


def kept_apart(events: tuple[Record, ...], *, store: PersonalStore | None) -> list[Record]:
    """Return the records with the exporter's name in the store, durably; as they are without one."""
    kept = [with_texts_apart(one, store) for one in events]
    if store is not None:
        store.flush()  # before the records that commit to it
    return kept
