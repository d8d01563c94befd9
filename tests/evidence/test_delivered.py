"""Facts about records that others make: they have the form of their kind, or they are refused."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.evidence.kind_samples import BODIES, body_of, sample
from tests.evidence.samples import ALLOWED, event

from ringfence.evidence.decision import make_decision
from ringfence.evidence.delivered import DELIVERABLE, FORMS, read_delivered
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.kinds.places import places_of, seen_at_once
from ringfence.evidence.records import Record, RecordKind, ids_of, make_record
from ringfence.reconcile.gaps import gap_records
from ringfence.reconcile.join import Missing
from ringfence.reconcile.seen import Seen

KINDS = sorted(DELIVERABLE)
SECRET = "hunter2-s3cr3t-value"
Path = tuple[str | int, ...]


def refused(data: bytes) -> EvidenceError:
    """Return the error of bytes that are refused."""
    with pytest.raises(EvidenceError) as caught:
        read_delivered(data)
    assert caught.value.code in ("RF908", "RF909")
    return caught.value


def paths(node: Any, above: Path = ()) -> Iterator[Path]:
    """Walk over every member and entry of a body."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*above, key)
        if isinstance(value, (dict, list)):
            yield from paths(value, (*above, key))


def parent(body: dict[str, Any], path: Path) -> Any:
    """Return what holds the last step of a path."""
    node: Any = body
    for step in path[:-1]:
        node = node[step]
    return node


ALTERATIONS = [(kind, path) for kind, body in sorted(BODIES.items()) for path in paths(body)]


@pytest.mark.parametrize("kind", KINDS)
def test_record_is_read_as_its_producer_writes_it(kind: RecordKind) -> None:
    """Each kind is read, its bytes are kept, and it is indexed as where it was made."""
    record = sample(kind)
    read = read_delivered(record.data)
    assert read == record
    assert read.ids == ids_of(record.body)


def test_kinds_of_the_ledger_itself_are_not_delivered() -> None:
    """Decisions come in as logs, and conflicts and key events are the ledger's."""
    assert frozenset(RecordKind) - DELIVERABLE == {
        RecordKind.DECISION,
        RecordKind.CONFLICT,
        RecordKind.KEY_EVENT,
    }
    for kind in frozenset(RecordKind) - DELIVERABLE:
        assert refused(make_record(kind, {"decision_id": "d"}).data).code == "RF908"
    assert refused(make_decision(event(), allowed_facts=ALLOWED).data).code == "RF908"


@pytest.mark.parametrize(("kind", "path"), ALTERATIONS, ids=str)
def test_altered_member_is_refused(kind: RecordKind, path: Path) -> None:
    """A member of another type, one that is too long, and one that is not there are refused by place."""
    for value in ({"x": SECRET}, SECRET + "x" * 5000, [[SECRET]]):
        body = body_of(kind)
        parent(body, path)[path[-1]] = value
        error = refused(make_record(kind, body).data)
        assert error.code == "RF909"
        assert error.missing
        assert SECRET not in f"{error}{error.help}{error.missing}"
    if isinstance(path[-1], str):
        body = body_of(kind)
        del parent(body, path)[path[-1]]
        assert refused(make_record(kind, body).data).code == "RF909"


@given(
    altered=st.sampled_from(ALTERATIONS),
    name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    value=st.none() | st.booleans() | st.integers(0, 9) | st.text("abc", max_size=3),
)
def test_added_member_is_refused(
    altered: tuple[RecordKind, Path], name: str, value: object
) -> None:
    """A member that the form has not is refused in every object, and its name is not shown."""
    kind, path = altered
    body = copy.deepcopy(BODIES[kind])
    holder = parent(body, path)
    if not isinstance(holder, dict) or name in holder:
        return
    holder[f"{name}{SECRET}"] = value
    assert SECRET not in str(refused(make_record(kind, body).data))


@given(
    altered=st.sampled_from(ALTERATIONS), number=st.integers(-(1 << 53) + 1, -2) | st.floats(2, 9)
)
def test_number_out_of_place_is_refused(altered: tuple[RecordKind, Path], number: float) -> None:
    """No member but a position, a count or an observed value takes a number that is no share."""
    kind, path = altered
    if path[-1] in ("start", "end", "value") or (number >= 0 and number == int(number)):
        return
    body = copy.deepcopy(BODIES[kind])
    parent(body, path)[path[-1]] = number
    assert refused(make_record(kind, body).data).code == "RF909"


@given(st.sampled_from(KINDS), st.data())
def test_any_flipped_byte_is_refused_or_another_record(
    kind: RecordKind, data: st.DataObject
) -> None:
    """Whatever the bytes, there is a record of just these bytes or an EvidenceError, and no other end."""
    raw = bytearray(sample(kind).data)
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_delivered(bytes(raw))
    except EvidenceError:
        return
    assert read.data == bytes(raw)


@pytest.mark.parametrize(
    "written",
    [
        lambda data: b" " + data,
        lambda data: data + b"\n",
        lambda data: data.replace(b'"body":', b'"body" :'),
        lambda data: data.replace(b'"tenant":"acme"', b'"tenant":"acm\\u0065"'),
        lambda data: data.replace(b'"tenant":"acme"', b'"tenant":"other","tenant":"acme"'),
        lambda data: data.replace(b'"version":1', b'"version":2'),
        lambda data: data.replace(b'"version":1', b'"version":1.0'),
        lambda data: data.replace(b'"kind":"review"', b'"kind":"secret"'),
        lambda data: b'{"body":' + b"[" * 60_000,
        lambda data: b"\xff" + data,
        lambda _: b"null",
        lambda data: data + b" " * 70_000,
    ],
)
def test_other_bytes_of_the_same_record_are_refused(written: Any) -> None:
    """White space, escapes, repeated names and other envelopes are no canonical record."""
    data = sample(RecordKind.REVIEW).data
    altered = written(data)
    assert altered != data
    assert refused(altered).code == "RF908"


@pytest.mark.parametrize(
    ("kind", "changes", "place"),
    [
        (RecordKind.REVIEW, {"class": "ok"}, "class: not of the right form"),
        (RecordKind.REVIEW, {"at": "2026-02-30T09:00:00Z"}, "at: not a time"),
        (RecordKind.REVIEW, {"at": "2026-11-21T09:00:00+01:00"}, "at: not of the right form"),
        (RecordKind.LINEAGE, {"input_refs": []}, "input_refs: not of the right form"),
        (RecordKind.LINEAGE, {"operation": ""}, "operation: not of the right form"),
        (RecordKind.APPROVAL, {"rules": []}, "rules: not of the right form"),
        (RecordKind.APPROVAL, {"until": 1_795_000_000}, "body: it ends before it starts"),
        (
            RecordKind.APPROVAL,
            {"requester": "user:LEE@platform.example"},
            "body: the requester gave it",
        ),
        (RecordKind.GAP, {"cause": "dropped"}, "cause: not of the right form"),
        (RecordKind.GAP, {"run_id": ""}, "body: `run_id` is not as the cause has it"),
        (RecordKind.RUN, {"signature": "AA=="}, "signature: not of the right form"),
        (RecordKind.RUN, {"images": [], "drivers": []}, "body: neither an image nor a driver"),
        (RecordKind.CHANGE, {"tenant": "acme"}, "result_sha256, tenant, timestamp: "),
        (RecordKind.CHANGE, {"more": -1}, "build.more: has not the right form"),
    ],
)
def test_value_out_of_bounds_is_told_by_place(
    kind: RecordKind, changes: dict[str, Any], place: str
) -> None:
    """What has the type and not the form is refused, and the place is named."""
    error = refused(sample(kind, **changes).data)
    assert error.code == "RF909"
    assert error.missing[0].startswith(place)


@pytest.mark.parametrize("member", ["weight", "contribution", "confidence"])
@pytest.mark.parametrize("value", [2, -1.5])
def test_factor_outside_its_range_is_refused(member: str, value: float) -> None:
    """R5.72: a weight and a confidence are within 0 and 1, a contribution within -1 and 1."""
    factor = {**BODIES[RecordKind.EXPLANATION]["factors"][0], member: value}
    error = refused(sample(RecordKind.EXPLANATION, factors=[factor]).data)
    assert error.missing == (f"factors[0].{member}: not of the right form",)


def test_gaps_that_reconciling_finds_are_delivered() -> None:
    """What `gap_records` makes of a missing decision or run has the form."""
    missing = [
        Missing(
            cause="no_decision", principal="runner-7", tenant="acme", decision_id="d", run_id="r"
        ),
        Missing(cause="no_run", principal="", tenant="acme", decision_id="d"),
    ]
    made: list[Record] = gap_records(missing, seen=Seen())
    assert [read_delivered(one.data) for one in made] == made


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_a_look_says_what_validating_says(kind: RecordKind) -> None:
    """Of members that are missing or unknown, and of long lists, both find the same."""
    body, form = BODIES[kind], FORMS[kind]
    assert seen_at_once(form, body) == ()
    lists = [name for name, value in body.items() if isinstance(value, list) and value]
    needed = [one.alias or name for name, one in form.model_fields.items() if one.is_required()]
    altered = [{name: body[name] for name in body if name != gone} for gone in needed]
    altered += [{**body, "unknown": 1}, {"unknown": 1}]
    altered += [{**body, name: body[name] * 2001} for name in lists]
    for one in altered:
        with pytest.raises(ValidationError) as caught:
            form.model_validate_json(json.dumps(one))
        assert seen_at_once(form, one) == places_of(caught.value)
