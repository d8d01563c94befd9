"""Facts about what a ledger holds beside a decision, whoever put it there."""

from pathlib import Path
from typing import Any

from tests.evidence.kind_samples import sample
from tests.evidence.samples import ALLOWED, KEY, ORIGIN, event

from ringfence.evidence.decision import make_decision
from ringfence.evidence.inspection import Inspection, inspect
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.trust import LedgerTrust
from ringfence.report.attached import attached_lines, record_lines

ELSEWHERE = "a record of another tenant names a decision here, and is not shown with it"


def decided(**asked: Any) -> Record:
    """Return the record of `decision-0` of acme."""
    given = {"point": "runner.start", "tenant": "acme", "trace_id": "trace-0", "facts": {}, **asked}
    return make_decision(event(input=given), allowed_facts=ALLOWED)


def inspected(folder: Path, name: str, *records: Record) -> Inspection:
    """Put records into a new ledger, and inspect an id."""
    made = Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(KEY,)))
    made.append(records)
    made.checkpoint()
    made.close()
    return inspect(folder, name, trust=LedgerTrust(key=NoteKey(ORIGIN, KEY.public_key())))


def lineage(number: int, **changes: Any) -> Record:
    """Return a lineage under a decision of its own, that follows the one before."""
    own = {"lineage_id": f"lin-{number}", "decision_id": f"d-{number}", "trace_id": None}
    parents = [f"lin-{number - 1}"] if number else []
    return sample(RecordKind.LINEAGE, **own, parent_lineage_ids=parents, **changes)


def test_a_record_of_another_tenant_is_never_shown_with_a_decision(tmp_path: Path) -> None:
    """A foreign explanation of the decision, and a foreign exception of the same name, are apart."""
    foreign = [
        sample(kind, tenant="other")
        for kind in (RecordKind.EXPLANATION, RecordKind.EXCEPTION, RecordKind.REVIEW)
    ]
    found = inspected(tmp_path / "ledger", "decision-0", decided(), *foreign)
    (decision,) = found.decisions
    assert decision.attached.positions == frozenset()
    assert ELSEWHERE in found.warnings
    kinds = [one.record.kind for one in found.others]
    assert kinds == [RecordKind.EXPLANATION, RecordKind.REVIEW]


def test_a_run_or_gap_of_another_tenant_says_nothing_of_a_decision(tmp_path: Path) -> None:
    """Both are told to be another's, and no gap is said to be there; the tenant's own still is."""
    gap = {"decision_id": "decision-0", "cause": "no_run", "run_id": ""}
    foreign = [
        sample(RecordKind.RUN, tenant="other", checks=[{"decision_id": "decision-0"}]),
        sample(RecordKind.GAP, tenant="other", **gap),
    ]
    found = inspected(tmp_path / "a", "decision-0", decided(), *foreign)
    assert found.warnings == (ELSEWHERE,)
    assert [one.record.kind for one in found.others] == [RecordKind.RUN, RecordKind.GAP]
    own = inspected(tmp_path / "b", "decision-0", decided(), sample(RecordKind.GAP, **gap))
    assert own.warnings == ("a gap record says that something is missing here",)


def test_a_run_of_another_tenant_brings_none_of_its_decisions(tmp_path: Path) -> None:
    """Who names a decision of others in a run of its own does not bury it under what else it ran."""
    own = make_decision(
        event(decision_id="d-1", input={"point": "runner.start", "tenant": "other", "facts": {}}),
        allowed_facts=ALLOWED,
    )
    checks = [{"decision_id": "decision-0"}, {"decision_id": "d-1"}]
    runs = [sample(RecordKind.RUN, tenant=one, checks=checks) for one in ("other", "acme")]
    found = inspected(tmp_path / "a", "decision-0", decided(), own, runs[0])
    assert [one.body["decision_id"] for one in found.decisions] == ["decision-0"]
    found = inspected(tmp_path / "b", "decision-0", decided(), own, runs[1])
    assert [one.body["decision_id"] for one in found.decisions] == ["decision-0", "d-1"]
    found = inspected(tmp_path / "c", "d-1", decided(), own, runs[0])
    assert [one.body["decision_id"] for one in found.decisions] == ["decision-0", "d-1"]


def test_many_ids_lead_to_what_they_name_and_to_nothing_else(tmp_path: Path) -> None:
    """With more ids than are looked for one by one, the same records are found."""
    told: dict[str, Any] = {"decision_id": "decision-0", "trace_id": "trace-0"}
    child = sample(
        RecordKind.LINEAGE,
        **told,
        lineage_id="c",
        parent_lineage_ids=[f"p-{n}" for n in range(100)],
    )
    parents = [
        sample(RecordKind.LINEAGE, lineage_id=f"p-{n}", decision_id=f"d-{n}", parent_lineage_ids=[])
        for n in (0, 99, 100)
    ]
    found = inspected(tmp_path / "ledger", "decision-0", decided(), child, *parents)
    names = [one.record.body["lineage_id"] for one in found.others]
    assert names == ["c", "p-0", "p-99"]


def test_a_trace_that_is_named_like_a_grant_leads_nowhere(tmp_path: Path) -> None:
    """Who calls a trace by an exception's name does not get into the view of its decisions."""
    other = make_record(
        RecordKind.DECISION,
        {**decided(trace_id="EXC-2041").body, "decision_id": "d-x", "waived": [], "approvals": []},
    )
    exception = sample(RecordKind.EXCEPTION, until=1_796_342_400)
    found = inspected(tmp_path / "ledger", "decision-0", decided(), other, exception)
    (decision,) = found.decisions
    assert [one.position for one in decision.attached.sections["exceptions"]] == [3]
    assert decision.attached.absent["exceptions"] == ()


def test_a_chain_that_is_not_followed_whole_is_told(tmp_path: Path) -> None:
    """Of twelve that follow each other some are read, and a warning names where it goes on."""
    found = inspected(tmp_path / "ledger", "lin-12", *(lineage(n) for n in range(13)))
    assert [one.record.body["lineage_id"] for one in found.others] == [
        f"lin-{n}" for n in range(5, 13)
    ]
    assert found.warnings[-1] == (
        "records lead further than was followed: inspect these ids too: d-5, lin-4"
    )


def test_a_chain_that_is_followed_whole_has_no_warning(tmp_path: Path) -> None:
    """A short chain is read to its beginning."""
    found = inspected(tmp_path / "ledger", "lin-3", *(lineage(n) for n in range(4)))
    assert len(found.others) == 4
    assert not any("further" in one for one in found.warnings)


def test_records_of_another_form_are_shown_as_such(tmp_path: Path) -> None:
    """What a log signed in another form is told, and neither trusted nor a traceback."""
    odd = [
        make_record(kind, {"decision_id": "decision-0", "tenant": "acme", "id": "EXC-2041", **body})
        for kind in (RecordKind.EXPLANATION, RecordKind.LINEAGE, RecordKind.REVIEW, RecordKind.EXCEPTION)
        for body in ({}, {"rules": 7, "until": [], "observed": 3, "parent_lineage_ids": {}})
    ]  # fmt: skip
    found = inspected(tmp_path / "ledger", "decision-0", decided(), *odd)
    (decision,) = found.decisions
    lines = list(attached_lines(decision.attached))
    assert sum("not of a form that this version knows" in one for one in lines) == len(odd)
    assert decision.attached.absent["exceptions"] == (
        "the exception `EXC-2041` was used otherwise than its record says",
    )
    assert {record_lines(one) for one in odd} == {("not of a form that this version knows",)}
