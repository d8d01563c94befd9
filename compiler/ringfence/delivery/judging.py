"""What of a delivery is the deliverer's to bring, as records; the rest as findings, line by line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import ValidationError

from ringfence.delivery.terms import DELIVERABLE, Terms
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.records import Record, RecordKind, read_record
from ringfence.evidence.run_model import RunReport
from ringfence.evidence.run_signature import signer_of_run

__all__ = ["HoldsDecision", "JudgedRecords", "RefusedRecord", "judge_records", "read_record_line"]

HoldsDecision = Callable[[str, str], bool]
"""Tells whether the ledger has a decision of this id and tenant."""

_OF_DECISIONS: Final = {RecordKind.REVIEW, RecordKind.EXPLANATION}


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that is not kept: its line, from 1, and why."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JudgedRecords:
    """The records that are kept, with the bytes that were delivered, and the others."""

    records: tuple[Record, ...]
    refused: tuple[RefusedRecord, ...]


def judge_records(
    lines: Iterable[bytes], *, terms: Terms, holds_decision: HoldsDecision
) -> JudgedRecords:
    """Return the records of lines that the terms allow, and a finding of each other line."""
    records: list[Record] = []
    refused: list[RefusedRecord] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(_judged(line, terms=terms, holds_decision=holds_decision))
        except EvidenceError as error:
            refused.append(RefusedRecord(number, error.code, error.message))
    return JudgedRecords(tuple(records), tuple(refused))


def read_record_line(data: bytes) -> Record:
    """Return the record of exact RFC 8785 bytes; raise EvidenceError where nobody may deliver it."""
    try:
        record = read_record(data)
    except VerifyError as error:
        raise EvidenceError(error.code, error.message) from None
    if canonical_bytes(orjson.loads(data)) != data:
        raise EvidenceError("RF910", "the record's bytes are not canonical JSON")
    if record.kind not in DELIVERABLE:
        raise EvidenceError("RF905", f"a record of kind `{record.kind}` is delivered by nobody")
    if record.kind is RecordKind.RUN:
        _require_run(record.body)
    return record


def _judged(line: bytes, *, terms: Terms, holds_decision: HoldsDecision) -> Record:
    record = read_record_line(line)
    if record.kind not in terms.kinds:
        raise EvidenceError("RF905", f"records of kind `{record.kind}` are not this deliverer's")
    body = record.body
    tenant, decision_id = body.get("tenant"), body.get("decision_id")
    theirs = terms.tenants is None or (isinstance(tenant, str) and tenant in terms.tenants)
    if not theirs:
        raise EvidenceError("RF981", "the record is of a tenant that is not the deliverer's")
    if record.kind is RecordKind.RUN:
        signer_of_run(body, trusted=terms.runners)
    if record.kind in _OF_DECISIONS and not holds_decision(str(decision_id), str(tenant)):
        raise EvidenceError("RF906", "the ledger holds no such decision of the tenant")
    return record


def _require_run(body: dict[str, Any]) -> None:
    report = {name: one for name, one in body.items() if name not in ("signed_by", "signature")}
    try:
        RunReport.model_validate(report)
    except ValidationError:
        raise EvidenceError("RF913", "the run's record has not the form of one") from None
