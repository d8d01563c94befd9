"""Facts about the two ways to a decision's record: by types, and value by value."""

from typing import Any
from unittest import mock

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.samples import ALLOWED, decision, event

from ringfence.decision_log.event import LogEvent
from ringfence.decision_log.exact_json import ExactNumber
from ringfence.evidence import decision as module
from ringfence.evidence.decision import make_decision
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, read_record
from ringfence.ledger.subject import Subject

NAMES = st.sampled_from(["rule", "by", "until", "é", "\U0001f600", "\ufb33", "\ud800", "n" * 257])
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 - 1, 2**53, -(2**53), 2**63, 2**64, 0, -1]),
    st.floats(),
    st.sampled_from([1.0, -0.0, 1e16, 1e300, 0.1]),
    st.text(max_size=4),
    st.sampled_from(["\ud800", "\u007f\u2028\x00\"\\/", "x" * 1024, "x" * 1025, "n" * 257]),
    st.sampled_from([ExactNumber("1e400"), ExactNumber("0.1000000000000000000001")]),
)  # fmt: skip
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
) | st.just(["x"] * 201)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [one for key in value for one in _places(value[key], (*path, key))]
    if isinstance(value, list):
        found += [one for n in range(len(value)) for one in _places(value[n], (*path, n))]
    return found


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = _put(value[path[0]], path[1:], new)
    return changed


@st.composite
def results(draw: st.DrawFn) -> Any:
    """Return a usual decision with odd values at up to three places, and odd members."""
    found: Any = decision(observed=[{"rule": "r", "level": "observe"}], **draw(_MORE))
    for _ in range(draw(st.integers(0, 3))):
        found = _put(found, draw(st.sampled_from(_places(found))), draw(VALUES))
    return found


_MORE = st.dictionaries(st.sampled_from(["evaluated", "unknown", "é"]), VALUES, max_size=2)
FACTS = st.dictionaries(
    st.sampled_from(["runner", "images", "é", "a.b"]),
    st.dictionaries(st.sampled_from(["class", "size"]), VALUES, max_size=2)
    | st.lists(st.dictionaries(st.sampled_from(["digest", "é"]), VALUES, max_size=2), max_size=3),
    max_size=3,
)
POINTERS = st.lists(
    st.sampled_from(["/input/approvals", "/input/facts/é", "/x" * 7, "/input/\ud800", "/a" * 600]),
    max_size=4,
).map(tuple)
EVENTS = st.builds(
    lambda result, facts, bundle, asked, labels, erased, masked: event(
        result=result,
        input={**asked, "facts": facts},
        bundles={bundle: bundle},
        labels=labels,
        erased=erased,
        masked=masked,
    ),
    results(),
    FACTS | VALUES,
    st.sampled_from(["runtime", "é", "\ud800", "\U0001f600"]),
    st.dictionaries(st.sampled_from(["point", "tenant", "trace_id"]), VALUES),
    st.dictionaries(st.sampled_from(["id", "version", "other"]), st.text(max_size=3)),
    POINTERS,
    POINTERS,
)


def _made(one: LogEvent) -> Record | str:
    try:
        return make_decision(one, allowed_facts=ALLOWED, principal="p")
    except EvidenceError as error:
        return error.code


@given(EVENTS)
def test_both_ways_give_the_same_record(one: LogEvent) -> None:
    """Whatever an event holds, the bytes, what the index reads of them, and the refusals are those of the general way."""
    found = _made(one)
    with mock.patch.object(module, "_typed", return_value=None):
        general = _made(one)
    assert found == general
    if isinstance(found, Record) and isinstance(general, Record):
        assert Subject.of(found) == Subject.of(general) == Subject.of(read_record(found.data))


@given(EVENTS)
def test_records_are_canonical(one: LogEvent) -> None:
    """Whatever an event holds, rfc8785 writes the same bytes of what is read back."""
    found = _made(one)
    if isinstance(found, Record):
        assert rfc8785.dumps(orjson.loads(found.data)) == found.data


def test_usual_decisions_go_by_types() -> None:
    """The usual decision never reaches the general way, which is several times slower."""
    with mock.patch.object(module, "make_record", side_effect=AssertionError):
        assert isinstance(_made(event()), Record)


@pytest.mark.parametrize(
    "changes",
    [
        {"result": decision(action="\ud800")},
        {"result": decision(obligations=[{"é": 1}])},
        {"result": decision(obligations=[{"a": 0.5}])},
        {"result": decision(obligations=[{"a": 2**53}])},
        {"result": decision(policy=None)},
        {"result": decision(reasons=[{"rule": "x" * 1025}])},
        {"facts": {"runner": {"size": 0.5}}},
        {"bundles": {"é": "1"}},
    ],
)
def test_unusual_decisions_are_left_to_the_general_way(changes: dict[str, Any]) -> None:
    """Each of these reaches the general way, so that the comparison above has both sides."""
    general = mock.patch.object(module, "make_record", side_effect=AssertionError)
    with general, pytest.raises(AssertionError):
        _made(event(**changes))
