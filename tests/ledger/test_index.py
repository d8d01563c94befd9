"""Facts about the index and about duplicates: each decision of a principal stands once."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.samples import ALLOWED, event

from ringfence.evidence.decision import make_decision
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.admission import Admission, admit
from ringfence.ledger.index import LedgerIndex
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.subject import Subject, decision_key


def decision(number: int, *, principal: str = "sidecar-1", **body: Any) -> Record:
    """Return a decision's record with what the index reads of it."""
    given = {"decision_id": f"d-{number}", "tenant": "acme", "trace_id": f"t-{number % 3}", **body}
    return make_record(RecordKind.DECISION, {"principal": principal, **given})


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LedgerIndex]:
    """Open an empty index."""
    made = LedgerIndex(tmp_path / "index.sqlite")
    yield made
    made.close()


def _deliver(
    index: LedgerIndex,
    records: Sequence[Record],
    limit: MinuteLimit | None = None,
    now: float = 0,
) -> Admission:
    found = admit(records, index=index, limit=limit or MinuteLimit(), now=now)
    index.add(found.subjects, found.leaves)
    return found


def _place(index: LedgerIndex, decision_id: str, principal: str = "sidecar-1") -> int | None:
    key = decision_key(principal, decision_id)
    return index.seen([key]).get(key, (None, b""))[0]


def test_decisions_and_other_kinds_are_found(index: LedgerIndex) -> None:
    """Decisions by principal and id, and records by kind where they are no decisions."""
    run = make_record(RecordKind.RUN, {"run_id": "r-1", "tenant": "acme", "trace_id": "t-0"})
    _deliver(index, [decision(0), decision(1), run, decision(3)])
    assert (_place(index, "d-1"), _place(index, "d-3")) == (1, 3)
    assert (_place(index, "d-2"), _place(index, "d-1", "other")) == (None, None)
    assert (index.kind("run"), index.kind("decision")) == ((2,), ())


def test_a_duplicate_is_dropped_and_counted(index: LedgerIndex) -> None:
    """The same record again, in one delivery or in a later one, adds nothing and has the first place."""
    first = _deliver(index, [decision(0), decision(1), decision(0)])
    assert (len(first.entries), first.positions, first.duplicates) == (2, [0, 1, 0], 1)
    again = _deliver(index, [decision(1), decision(2), decision(0)])
    assert (len(again.entries), again.positions, again.duplicates) == (1, [1, 2, 0], 2)


def test_another_record_under_the_same_id_is_a_conflict(index: LedgerIndex) -> None:
    """The first one stays, and one conflict record for each that differs holds both leaf hashes."""
    real, forged = decision(0), decision(0, action="allow")
    found = _deliver(index, [real, forged, forged])
    assert (found.conflicts, found.duplicates, found.positions) == (1, 1, [0, 1, 0])
    assert _body(found.entries[1]) == {
        "decision_id": "d-0",
        "first": leaf_hash(real.data).hex(),
        "other": leaf_hash(forged.data).hex(),
        "principal": "sidecar-1",
        "tenant": "acme",
        "unrecorded": 0,
    }
    later = _deliver(index, [forged, decision(0, action="warn"), real])
    assert (later.conflicts, later.duplicates, later.positions) == (1, 2, [0, 2, 0])
    assert (_place(index, "d-0"), index.kind("conflict")) == (0, (1, 2))


def _body(data: bytes) -> dict[str, Any]:
    return Record(RecordKind.CONFLICT, data).body


def test_a_forgery_of_another_principal_takes_no_place(index: LedgerIndex) -> None:
    """A caller that uploads first under a known id keeps the real decision from nothing."""
    found = _deliver(index, [decision(0, principal="caller", action="allow"), decision(0)])
    assert (len(found.entries), found.conflicts, found.duplicates) == (2, 0, 0)
    assert (_place(index, "d-0", "caller"), _place(index, "d-0")) == (0, 1)


def test_a_deliverer_stands_in_the_decisions_record() -> None:
    """Who delivered an event is a member of its record, so that the index can be rebuilt from it."""
    record = make_decision(event(1), allowed_facts=ALLOWED, principal="sidecar-1")
    subject = Subject.of(record)
    assert (subject.principal, subject.decision_id) == ("sidecar-1", "decision-1")
    assert subject.key == decision_key("sidecar-1", "decision-1")
    assert "principal" not in make_decision(event(1), allowed_facts=ALLOWED).body


def test_a_principal_and_an_id_never_run_together() -> None:
    """`ab` and `c` are not `a` and `bc`."""
    assert decision_key("ab", "c") != decision_key("a", "bc")


def test_a_flood_of_conflicts_is_counted_and_not_stored(index: LedgerIndex) -> None:
    """Beyond the limit conflicts only count; the next minute's record says how many they were."""
    limit = MinuteLimit(per_minute=2)
    _deliver(index, [decision(0), decision(0, principal="other")])
    flood = [decision(0, action=f"a{n}") for n in range(7)]
    found = _deliver(index, flood, limit, now=59)
    assert (len(found.entries), found.conflicts, found.unrecorded) == (2, 7, 5)
    one = _deliver(index, [decision(0, principal="other", action="x")], limit, now=59)
    assert (len(one.entries), _body(one.entries[0])["unrecorded"]) == (1, 0)
    later = _deliver(index, flood, limit, now=60)
    assert (len(later.entries), later.duplicates, later.unrecorded) == (2, 2, 3)
    assert _body(later.entries[0])["unrecorded"] == 5


def test_a_key_event_cannot_be_delivered(index: LedgerIndex) -> None:
    """Only the ledger itself writes key events."""
    with pytest.raises(EvidenceError, match="RF948"):
        _deliver(index, [make_record(RecordKind.KEY_EVENT, {})])


def test_odd_ids_are_no_ids() -> None:
    """Ids that are no text, or too long a one, are not indexed, and such decisions are never equal."""
    for odd in (7, None, "x" * 257, ["d"], {"d": 1}):
        subject = Subject.of(make_record(RecordKind.DECISION, {"decision_id": odd, "tenant": odd}))
        assert (subject.decision_id, subject.tenant, subject.key) == ("", "", b"")
    conflict = make_record(RecordKind.CONFLICT, {"decision_id": "d", "other": "no hash"})
    assert Subject.of(conflict).other == b""


def test_a_rebuilt_index_is_the_same(index: LedgerIndex, tmp_path: Path) -> None:
    """From the stored records alone, in other batches, every table has the same rows."""
    stored: list[bytes] = []
    for start in range(0, 40, 8):
        batch = [decision(n) for n in range(start, start + 10)]
        batch += [decision(start, action="x"), decision(start, principal="p2")]
        batch += [make_record(RecordKind.RUN, {"run_id": f"r-{start}"})]
        stored += _deliver(index, batch).entries
    again = LedgerIndex(tmp_path / "again.sqlite")
    kinds = {f'"kind":"{kind.value}"'.encode(): kind for kind in RecordKind}
    records = [
        Record(next(kind for mark, kind in kinds.items() if mark in data), data) for data in stored
    ]
    for at in range(0, len(records), 7):
        some = records[at : at + 7]
        again.add([Subject.of(one) for one in some], [leaf_hash(one.data) for one in some])
    assert (again.size, again.digest()) == (index.size, index.digest())
    again.clear()
    assert (again.size, again.digest() == index.digest()) == (0, False)
    again.close()


def test_the_index_is_there_after_it_was_closed(index: LedgerIndex, tmp_path: Path) -> None:
    """Opened again it goes on where it was."""
    _deliver(index, [decision(0), decision(1)])
    digest, leaf = index.digest(), index.leaf
    index.close()
    again = LedgerIndex(tmp_path / "index.sqlite")
    assert (again.size, again.leaf, again.digest()) == (2, leaf, digest)
    again.close()


@pytest.mark.parametrize("content", [b"", b"x" * 5000])
def test_a_broken_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """What is no index of ours holds nothing that the log does not."""
    path = tmp_path / "index.sqlite"
    path.write_bytes(content)
    index = LedgerIndex(path)
    _deliver(index, [decision(0)])
    assert _place(index, "d-0") == 0
    index.close()


def test_an_index_of_another_version_is_begun_anew(index: LedgerIndex, tmp_path: Path) -> None:
    """Rows of a layout that is not ours are not read."""
    _deliver(index, [decision(0)])
    index.close()
    with sqlite3.connect(tmp_path / "index.sqlite") as connection:
        connection.execute("UPDATE reach SET version = 99")
    connection.close()
    again = LedgerIndex(tmp_path / "index.sqlite")
    assert again.size == 0
    again.close()


def test_a_failed_transaction_adds_nothing(index: LedgerIndex) -> None:
    """Where the file refuses, no table has a part of the batch, and the error names no content."""
    _deliver(index, [decision(0)])
    digest = index.digest()
    blocker = sqlite3.connect(index._path, timeout=0)
    index._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    _deliver(index, [decision(1)])
    with pytest.raises(EvidenceError, match="RF957"):
        index.flush()
    assert (index.size, _place(index, "d-1")) == (1, None)
    _deliver(index, [decision(1)])
    with pytest.raises(EvidenceError, match="RF957"):
        _deliver(index, [make_record(RecordKind.RUN, {"run_id": "r-1"})])
    blocker.close()
    assert (index.size, index.digest()) == (1, digest)


def test_decisions_wait_in_memory_and_are_known(index: LedgerIndex, tmp_path: Path) -> None:
    """What waits is found and is no other's to take; a crash forgets it, and a close writes it."""
    _deliver(index, [decision(0), make_record(RecordKind.RUN, {})])
    again = _deliver(index, [decision(1), decision(2)])
    assert (again.positions, _place(index, "d-2")) == ([2, 3], 3)
    assert _deliver(index, [decision(2), decision(0)]).duplicates == 2
    crashed = LedgerIndex(tmp_path / "index.sqlite")
    assert (crashed.size, _place(crashed, "d-0"), _place(crashed, "d-2")) == (2, 0, None)
    crashed.close()
    index.close()
    closed = LedgerIndex(tmp_path / "index.sqlite")
    assert (closed.size, _place(closed, "d-2")) == (4, 3)
    closed.close()


def test_what_waits_is_bounded(index: LedgerIndex, tmp_path: Path) -> None:
    """After some thousands of decisions the file has them, without anything else happening."""
    for start in range(0, 5000, 500):
        _deliver(index, [decision(n) for n in range(start, start + 500)])
    crashed = LedgerIndex(tmp_path / "index.sqlite")
    assert crashed.size == 4500
    crashed.close()
