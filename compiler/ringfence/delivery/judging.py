"""What of a delivery is the deliverer's to bring, as records; the rest as findings, line by line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ringfence.delivery.terms import Terms
from ringfence.evidence.delivered import ABOUT, read_delivered, shared_members
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind
from ringfence.evidence.run_signature import signer_of_run
from ringfence.personal.keeping import STORE_FAILED, Personal

__all__ = ["HoldsDecision", "JudgedRecords", "RefusedRecord", "judge_records"]


class HoldsDecision(Protocol):
    """Tells whether the ledger has a decision of this id with these members."""

    def __call__(self, decision_id: str, *, same: Mapping[str, Any]) -> bool:
        """Look it up."""


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that is not kept: its line, from 1, and why."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JudgedRecords:
    """The records that are kept, with the bytes that were delivered but for texts apart, and the others."""

    records: tuple[Record, ...]
    refused: tuple[RefusedRecord, ...]


def judge_records(
    lines: Iterable[bytes],
    *,
    terms: Terms,
    holds_decision: HoldsDecision,
    personal: Personal | None = None,
) -> JudgedRecords:
    """Return the records of lines that the terms allow, and a finding of each other line.

    With a personal store their texts and people are put apart, which `flush` makes durable. Raise
    EvidenceError (RF916) where it cannot be used.
    """
    records: list[Record] = []
    refused: list[RefusedRecord] = []
    for number, line in enumerate(lines, start=1):
        try:
            record = _judged(line, terms=terms, holds_decision=holds_decision)
            records.append(record if personal is None else personal.record(record))
        except EvidenceError as error:
            if error.code == STORE_FAILED:
                raise
            refused.append(RefusedRecord(number, error.code, error.message))
    return JudgedRecords(tuple(records), tuple(refused))


def _judged(line: bytes, *, terms: Terms, holds_decision: HoldsDecision) -> Record:
    record = read_delivered(line)
    if record.kind not in terms.kinds:
        raise EvidenceError("RF905", f"records of kind `{record.kind}` are not this deliverer's")
    body = record.body
    tenant, decision_id = body.get("tenant"), body.get("decision_id")
    theirs = terms.tenants is None or (isinstance(tenant, str) and tenant in terms.tenants)
    if not theirs:
        raise EvidenceError("RF981", "the record is of a tenant that is not the deliverer's")
    if record.kind is RecordKind.RUN:
        signer_of_run(body, trusted=terms.runners)
    if record.kind in ABOUT:
        same = {name: body[name] for name in shared_members(record.kind)}
        if not holds_decision(str(decision_id), same=same):
            said = ", ".join(same)
            raise EvidenceError("RF906", f"the ledger holds no such decision with the same {said}")
    return record
