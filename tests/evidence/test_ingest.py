"""Facts about turning events into records: each decision once."""

from tests.evidence.samples import ALLOWED, event, records

from ringfence.decision_log.event import LogEvent, LogFinding
from ringfence.evidence.ingest import Tally, decision_records
from ringfence.evidence.records import RecordKind
from ringfence.evidence.tree import leaf_hash


def _ingest(events: list[LogEvent | LogFinding]) -> tuple[list[RecordKind], Tally]:
    tally = Tally()
    found = list(decision_records(events, allowed_facts=ALLOWED, tally=tally))
    return [record.kind for record in found], tally


def test_delivery_twice_is_one_record() -> None:
    """The same decision again, after others, is dropped and counted; so is one re-encoded by OPA."""
    kinds, tally = _ingest([event(1), event(2), event(1), event(1, nd_builtin_cache={"x": 1})])
    assert kinds == [RecordKind.DECISION] * 2
    assert (tally.events, tally.duplicates, tally.conflicts) == (4, 2, 0)


def test_another_decision_under_the_same_id_is_a_conflict() -> None:
    """The first stays, a conflict record holds both hashes, and its repetition is a duplicate."""
    one, other = event(1), event(1, facts={"runner": {"class": "serverless"}}, line=9)
    tally = Tally()
    first, conflict = decision_records([one, other, other, one], allowed_facts=ALLOWED, tally=tally)
    assert conflict.kind is RecordKind.CONFLICT
    assert conflict.body == {
        "decision_id": "decision-1",
        "first": leaf_hash(first.data).hex(),
        "other": leaf_hash(records([other])[0].data).hex(),
    }
    assert (tally.duplicates, tally.conflicts) == (2, 1)
    assert [(f.place, f.code) for f in tally.findings] == [("decisions.jsonl:9", "RF912")]


def test_bad_events_do_not_stop_the_others() -> None:
    """Findings of reading, and events that make no record, are kept by place, the rest sealed."""
    bad = LogFinding("a.jsonl:3", "not JSON", "RF903")
    kinds, tally = _ingest([bad, event(1, path="envoy/authz/allow"), event(2, result=7), event(3)])
    assert kinds == [RecordKind.DECISION]
    assert [f.code for f in tally.findings] == ["RF903", "RF911", "RF904"]
    assert (tally.events, tally.refused) == (3, 3)


def test_findings_are_bounded() -> None:
    """All are counted, a thousand are kept."""
    _, tally = _ingest([LogFinding("a:1", "not JSON", "RF903")] * 1500)
    assert (tally.refused, len(tally.findings)) == (1500, 1000)
