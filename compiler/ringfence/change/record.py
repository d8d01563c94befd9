"""Records of changes: a result in the ledger, and the same result read back."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from ringfence.change.model import (
    BuildResult,
    PromotionResult,
    ReplayResult,
    TestResult,
)
from ringfence.change.read import AnyResult, parse_result, result_bytes
from ringfence.errors import UsageError
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record

__all__ = ["TENANT", "change_of", "change_record", "change_text", "parse_change"]

TENANT: Final = "platform"
"""Whose records of changes are: a release is of all tenants."""

_ADDED: Final = ("result_sha256", "tenant", "timestamp")


def change_record(result: AnyResult) -> Record:
    """Return the record of a result; raise EvidenceError where it is too large.

    It holds the members of the result's shape and no others, the digest of its file, and `finished` as
    an RFC 3339 time.
    """
    added = {
        "result_sha256": f"sha256:{hashlib.sha256(result_bytes(result)).hexdigest()}",
        "tenant": TENANT,
        "timestamp": _time(result.finished),
    }
    return make_record(RecordKind.CHANGE, {**result.model_dump(mode="json"), **added})


def change_of(record: Record) -> AnyResult | None:
    """Return the result of a record, None where the record is not the one that it would make."""
    try:
        return parse_change(record)
    except (EvidenceError, UsageError):
        return None


def parse_change(record: Record) -> AnyResult:
    """Return the result of a record; raise EvidenceError or UsageError where it would make another."""
    body: dict[str, Any] = record.body
    kept = {name: value for name, value in body.items() if name not in _ADDED}
    result = parse_result(canonical_bytes(kept) + b"\n", name="record")
    if change_record(result).data != record.data:
        added = ", ".join(_ADDED)
        raise EvidenceError("RF909", f"{added}: not those of the result")
    return result


def change_text(record: Record) -> str:
    """Say in one line what a record tells of a change."""
    result = change_of(record)
    if result is None:
        return "not a result in a form that this version knows"
    return f"{_said(result)}, of {result.content} for {result.release}/{result.environment}"


def _said(result: AnyResult) -> str:
    match result:
        case BuildResult():
            bundles = len(result.built) + result.more
            return f"built {bundles} bundles, {'signed' if result.signed else 'unsigned'}"
        case TestResult():
            verdict = "passed" if result.passed else "not passed"
            return f"tests {verdict}: {result.failed} of {result.tests} failed"
        case ReplayResult():
            return (
                f"replay of {result.events} events over {result.window} s: "
                f"{result.newly_blocked} newly blocked, {result.newly_allowed} newly allowed"
            )
        case PromotionResult():
            people = sorted({one.by for one in result.approvals})
            approved = f", approved by {', '.join(people)}" if people else ""
            return f"promotion decided {result.action.value}{approved}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
