"""Decisions that a verified ledger holds, and records about them that fit what it holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.delivered import form_record, shared_members
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind
from ringfence.ledger.search import search
from ringfence.ledger.trust import LedgerTrust

__all__ = ["HeldDecisions"]

_FILLED: Final = ("tenant", "trace_id")


@dataclass(frozen=True, slots=True)
class HeldDecisions:
    """The decisions of a ledger that were asked for, by id; an id may stand for several."""

    by_id: Mapping[str, tuple[Record, ...]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> "HeldDecisions":
        """Sort decisions by their ids."""
        by_id: dict[str, list[Record]] = {}
        for one in records:
            by_id.setdefault(str(one.body.get("decision_id")), []).append(one)
        return cls({name: tuple(found) for name, found in by_id.items()})

    @classmethod
    def read(cls, folder: Path, ids: Iterable[str], *, trust: LedgerTrust) -> "HeldDecisions":
        """Verify a ledger, and return its decisions of these ids; raise VerifyError."""
        wanted = frozenset(ids)
        _, found = search(
            folder,
            trust=trust,
            naming=wanted,
            wanted=lambda _, record, body: (
                record.kind is RecordKind.DECISION and str(body.get("decision_id")) in wanted
            ),
        )
        return cls.of(one.record for one in found)

    @classmethod
    def unexplained(
        cls, folder: Path, *, trust: LedgerTrust, most: int, tenant: str | None = None
    ) -> "HeldDecisions":
        """Verify a ledger, and return its first decisions, of one tenant or all, without an explanation.

        They are held in memory, so at most `most` are read. What OPA logged without a result is no
        decision to explain. Raise VerifyError.
        """
        done: set[tuple[str, str]] = set()

        def explains(_: int, record: Record, body: dict[str, Any]) -> bool:
            if record.kind is RecordKind.EXPLANATION:
                done.add(_owned(body))
            return False

        search(folder, trust=trust, naming=["explanation_id"], wanted=explains)
        left = iter(range(most))

        def wanted(_: int, record: Record, body: dict[str, Any]) -> bool:
            return (
                record.kind is RecordKind.DECISION
                and body.get("decided") is True
                and tenant in (None, body.get("tenant"))
                and _owned(body) not in done
                and next(left, None) is not None
            )

        _, found = search(folder, trust=trust, naming=["decision_id"], wanted=wanted)
        return cls.of(one.record for one in found)

    def one(self, decision_id: str, *, tenant: str | None = None) -> Record:
        """Return the one decision of an id; raise EvidenceError (RF939) for none, or for several."""
        found = [
            record
            for record in self.by_id.get(decision_id, ())
            if tenant is None or record.body.get("tenant") == tenant
        ]
        if not found:
            hint = "append the decision log that holds it, or check the id and the tenant"
            raise EvidenceError("RF939", "the ledger holds no such decision", help=hint)
        if len(found) > 1:
            hint = "name the tenant" if tenant is None else "find out who delivered the other"
            raise EvidenceError("RF939", "the ledger holds several decisions of this id", help=hint)
        return found[0]

    def record(self, kind: RecordKind, body: Mapping[str, Any]) -> Record:
        """Return a record about a decision, with its tenant and trace filled in where they are left out.

        Raise EvidenceError: RF939 where the ledger holds no such decision or another tenant, trace or
        action; RF909 where the body has not the form of its kind. Values are never shown.
        """
        named, tenant = body.get("decision_id"), body.get("tenant")
        if not isinstance(named, str) or not isinstance(tenant, str | None):
            return form_record(kind, body)  # which says what is wrong
        decision = self.one(named, tenant=tenant).body
        filled = {**{name: decision.get(name) for name in _FILLED}, **body}
        record = form_record(kind, filled)
        same = shared_members(kind)
        unlike = tuple(name for name in same if filled[name] != decision.get(name))
        if unlike:
            said = tuple(f"{name}: not as the decision has it" for name in unlike)
            raise EvidenceError("RF939", "; ".join(said), missing=said)
        return record


def _owned(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return whose decision a record is about."""
    return str(body.get("tenant")), str(body.get("decision_id"))
