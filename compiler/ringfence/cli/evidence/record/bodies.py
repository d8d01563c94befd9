"""Bodies of records that others wrote, one JSON object a line, held against what a ledger holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.evidence.error import EvidenceError
    from ringfence.evidence.records import Record, RecordKind
    from ringfence.ledger.trust import LedgerTrust

__all__ = ["record_bodies"]


def record_bodies(
    file: Path, *, kind: "RecordKind", ledger: Path, trust: "LedgerTrust"
) -> "tuple[list[Record], list[tuple[str, EvidenceError]]]":
    """Return a record of each line, and what is wrong with the others by `file:line`.

    The ledger is verified once; raise VerifyError where it does not hold.
    """
    from ringfence.evidence.error import EvidenceError
    from ringfence.evidence.held import HeldDecisions

    lines = [(f"{file}:{number}", found) for number, found in _objects(file)]
    bodies = [found for _, found in lines if isinstance(found, dict)]
    named = {one["decision_id"] for one in bodies if isinstance(one.get("decision_id"), str)}
    held = HeldDecisions.read(ledger, named, trust=trust)
    records: list[Record] = []
    findings: list[tuple[str, EvidenceError]] = []
    for place, found in lines:
        try:
            if isinstance(found, EvidenceError):
                raise found
            records.append(held.record(kind, found))
        except EvidenceError as error:
            findings.append((place, error))
    return records, findings


def _objects(file: Path) -> "Iterator[tuple[int, dict[str, Any] | EvidenceError]]":
    import orjson

    from ringfence.evidence.error import EvidenceError
    from ringfence.evidence.records import MAX_RECORD
    from ringfence.trust.jws import MalformedError, read_object

    with file.open("rb") as lines:
        number = 0
        while line := lines.readline(MAX_RECORD + 2):
            number += 1
            if not line.strip():
                continue
            try:
                if len(line) > MAX_RECORD + 1:
                    raise MalformedError("over the size of a record")
                read_object(line)  # which refuses repeated names
                yield number, orjson.loads(line)
            except (MalformedError, orjson.JSONDecodeError):
                yield number, EvidenceError("RF909", "not one JSON object without repeated names")
                while not line.endswith(b"\n") and (line := lines.readline(MAX_RECORD)):
                    pass
