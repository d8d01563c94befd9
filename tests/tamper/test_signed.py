"""Facts about a dishonest log, which signs what it likes: readers refuse what is no record, and never break."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.samples import event, records
from tests.export.samples import PACKAGE
from tests.ledger.samples import FIRST, ORIGIN, SECOND, key_of, tree_of
from tests.ledger.test_index import decision

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.inspection import inspect
from ringfence.evidence.note import sign_note
from ringfence.evidence.records import Record, RecordKind, make_record, read_record
from ringfence.evidence.run_signature import sign_run
from ringfence.export.build import package_files
from ringfence.export.package_key import PackageSigner
from ringfence.export.predicate import Exporter
from ringfence.export.request import ExportRequest
from ringfence.export.selection import Selection, select
from ringfence.ledger.fsck import fsck
from ringfence.ledger.key_event import rotation_record, start_record
from ringfence.ledger.trust import LedgerTrust
from ringfence.reconcile.finding import Finding
from ringfence.reconcile.gaps import gap_records
from ringfence.reconcile.join import join_runs, signed_runs
from ringfence.reconcile.seen import Seen
from ringfence.reconcile.usage import Withdrawn, check_usage

TRUST = LedgerTrust(key=key_of(FIRST))
ROTATION = rotation_record(origin=ORIGIN, old=FIRST, new=SECOND, position=2, overlap=9).data


def _signed(folder: Path, *entries: bytes) -> Path:
    """Write a ledger of these entries as its operator can, whatever they are."""
    tree = tree_of(folder, [start_record(origin=ORIGIN, key=FIRST).data, *entries])
    text = Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root()).text()
    (folder / "checkpoint").write_bytes(sign_note(text, name=ORIGIN, key=FIRST))
    return folder


NO_RECORDS: dict[str, bytes] = {
    "text": b"hello",
    "nothing": b"",
    "another kind": canonical_bytes({"body": {}, "kind": "secret", "version": 1}),
    "another version": canonical_bytes({"body": {}, "kind": "gap", "version": 2}),
    "a key event with spaces": ROTATION.replace(b'"kind":', b'"kind": '),
    "a key event with an escape": ROTATION.replace(b"key_event", b"key\\u005fevent"),
    "a key event with its members turned round": json.dumps(
        dict(reversed(json.loads(ROTATION).items()))
    ).encode(),
}


@pytest.mark.parametrize("what", NO_RECORDS)
def test_what_is_signed_and_no_record_is_refused(tmp_path: Path, what: str) -> None:
    """An entry that does not end as a record does could be read as one kind here and another there: RF925."""
    sound = _signed(tmp_path / "sound", decision(1).data, ROTATION)
    assert len(fsck(sound, trusted=TRUST.key).keys) == 2
    folder = _signed(tmp_path / "l", decision(1).data, NO_RECORDS[what])
    with pytest.raises(VerifyError, match=r"^RF925"):
        fsck(folder, trusted=TRUST.key)


ODD: tuple[Any, ...] = ([], {}, {"a": 1}, 7, True, None, ["d-1"], "")


def _export(folder: Path) -> object:
    chosen = Selection(tenants=frozenset({"acme"}))
    request = ExportRequest(
        profile="operator", selection=chosen, exporter=Exporter(name="a", by="ledger")
    )
    found = select(folder, chosen, trust=TRUST)
    return package_files(
        found, ledger=folder, request=request, pinned=(), signer=PackageSigner(PACKAGE)
    )


READERS: tuple[Callable[[Path], object], ...] = (
    lambda folder: fsck(folder, trusted=TRUST.key),
    lambda folder: inspect(folder, "d-1", trust=TRUST),
    lambda folder: inspect(folder, "t-1", trust=TRUST, tenant="acme"),
    _export,
)


@pytest.mark.parametrize("name", ["decision_id", "trace_id", "run_id", "tenant", "cause", "checks",
                                  "decision_ids", "reasons", "principal"])  # fmt: skip
def test_a_member_of_another_type_breaks_no_reader(tmp_path: Path, name: str) -> None:
    """Where an id, tenant or list is something else, the record counts as without it, and others are read."""
    for number, odd in enumerate(ODD):
        body = {"decision_id": "d-1", "tenant": "acme", "cause": "refused", "decision_ids": ["d-1"]}
        made = [
            make_record(kind, {**body, name: odd}).data
            for kind in (RecordKind.DECISION, RecordKind.GAP, RecordKind.RUN, RecordKind.CONFLICT)
        ]
        folder = _signed(tmp_path / str(number), decision(1).data, *made)
        for reader in READERS:
            reader(folder)
        shown = inspect(folder, "d-1", trust=TRUST)
        assert decision(1).data in [one.placed.record.data for one in shown.decisions]


def test_a_record_of_two_lines_is_refused(tmp_path: Path) -> None:
    """JSON with a line feed between members would be two lines of a package: RF925, before it is written."""
    two = decision(1).data.replace(b'{"body":', b'{\n"body":', 1)
    folder = _signed(tmp_path, two)
    with pytest.raises(VerifyError, match=r"^RF925"):
        _export(folder)
    with pytest.raises(VerifyError, match=r"^RF925"):
        inspect(folder, "d-1", trust=TRUST)


def _compared(records: list[Record]) -> list[Finding]:
    """Compare runs and decisions as `evidence reconcile` does, of which only the shape matters here."""
    seen = Seen()
    for one in records:
        seen.take(read_record(one.data))
    runs, findings = signed_runs(seen.runs, trusted={"runner-1": SECOND.public_key()})
    joined, missing = join_runs(seen, runs, points=frozenset({"runner.start"}), before_ns=1 << 62)
    gap_records(missing, seen=seen)
    return [*findings, *joined, *check_usage(seen, runs, withdrawn=Withdrawn(), uses=1)]


@pytest.mark.parametrize("name", ["checks", "runner", "approvals", "tenant", "run_id", "facts", "waived",
                                  "reasons", "bundles", "timestamp", "lost", "codes"])  # fmt: skip
def test_an_odd_member_breaks_no_comparison(name: str) -> None:
    """What a runner or a log has signed is compared as far as it goes, in runs, decisions and gaps."""
    run = {"run_id": "run-1", "tenant": "acme", "runner": {"class": "container"},
           "checks": [{"id": "a", "outcome": "passed", "decision_id": "decision-1"}]}  # fmt: skip
    decided = json.loads(records([event(1)])[0].data)["body"] | {"allowed": True}
    for odd in (*ODD, [7], [[]], 1.5):
        made = [
            sign_run(make_record(RecordKind.RUN, body), runner="runner-1", key=SECOND)
            for body in (run, {**run, name: odd})
        ]
        made += [
            make_record(RecordKind.DECISION, body) for body in (decided, {**decided, name: odd})
        ]
        gap = {"cause": "dropped", "principal": "p", "lost": {"x": 1}, "codes": {"RF904": 1}}
        made += [
            make_record(RecordKind.GAP, {**gap, "cause": cause, name: odd})
            for cause in ("dropped", "refused")
        ]
        assert "RF993" in {one.code for one in _compared(made)}
