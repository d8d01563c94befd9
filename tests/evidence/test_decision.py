"""Facts about decision records: what is copied, what is only named, and what never appears."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.samples import ALLOWED, REASON, decision, event

from ringfence.decision_log.event import LogEvent
from ringfence.decision_log.exact_json import ExactNumber
from ringfence.evidence.decision import make_decision
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.records import (
    MAX_RECORD,
    Record,
    RecordKind,
    make_record,
    read_record,
)

CANARY = "hunter2-canary"


def _body(one: LogEvent, *, allowed: frozenset[str] = ALLOWED) -> dict[str, Any]:
    return make_decision(one, allowed_facts=allowed).body


def test_record_of_a_decision() -> None:
    """R1.6: the record cites the policy by content and release digest, and holds all that is allowed."""
    assert _body(event(3)) == {
        "decision_id": "decision-3",
        "timestamp": "2026-11-20T20:56:51.685148792Z",
        "path": "ringfence/main/decision",
        "labels": {"id": "3fe916c3", "version": "1.22.0"},
        "bundles": {"runtime": "runtime/prod@sha256:8f16"},
        "erased": ["/input/approvals"],
        "masked": [],
        "pointers_unnamed": 0,
        "point": "runner.start",
        "tenant": "acme",
        "trace_id": "trace-3",
        "facts": {
            "runner.class": "container",
            "runner.size": "medium",
            "images.digest": ["sha256:5f1d"],
        },
        "withheld": ["images.repository", "run.estimate"],
        "withheld_unnamed": 0,
        "decided": True,
        "action": "block",
        "allowed": False,
        "evaluated": True,
        "reasons": [
            {
                "rule": "runner.timeout",
                "action": "block",
                "level": "enforce",
                "source": "tenants/acme/runners.yaml:37:3",
            }
        ],
        "observed": [],
        "waived": [
            {
                "rule": "runner.quota.monthly-hours",
                "exception": "EXC-2041",
                "until": 1796342400,
                "by": "user:lee@platform.example",
                "reason": "Re-run of 12 days lost in OUT-88.",
            }
        ],
        "approvals": [
            {
                "rule": "runner.approval.dedicated",
                "approval": "app-5a95",
                "until": 1795211811,
                "by": "user:lee@platform.example",
            }
        ],
        "obligations": [{"alert": "blocked"}],
        "policy": {
            "bundle": "runtime",
            "content": "sha256:8f16",
            "release": "sha256:808f",
            "environment": "prod",
        },
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": {"run": {"token": CANARY}, "runner": {"class": "container"}}},
        {"facts": {"runner": {"class": {"nested": CANARY}}}},
        {"facts": {"runner": {"class": [[CANARY]]}}},
        {"facts": {"runner.class": CANARY}},
        {"facts": {"runner": {"class.": CANARY}}},
        {"facts": {CANARY: 1}},
        {"facts": {"runner": {CANARY.upper(): 1}}},
        {"facts": {"images": [{"digest": {"x": CANARY}, CANARY: CANARY}]}},
        {"facts": [CANARY]},
        {"facts": CANARY},
        {"input": {"point": "runner.start", "approvals": [CANARY], "attestations": [CANARY]}},
        {"input": {"point": {"x": CANARY}, "tenant": [CANARY], CANARY: CANARY}},
        {"input": CANARY},
        {"erased": (f"/input/facts/{CANARY}",), "masked": (f"/input/{CANARY.upper()}",)},
        {"nd_builtin_cache": {"http.send": {CANARY: CANARY}}},
        {"labels": {"id": "x", "password": CANARY}},
        {"result": decision(reasons=[{**REASON, "message": CANARY, "fix": CANARY}])},
        {"result": decision(unknown=[CANARY], note=CANARY, valid_until=CANARY)},
        {"result": decision(approvals=[{"approval": "a", "rule": "r", "jws": CANARY}])},
    ],
)  # fmt: skip
def test_what_is_not_allowed_never_appears(changes: dict[str, Any]) -> None:
    """R1.37: a secret in a value, a name, a message or a token reaches no record."""
    record = make_decision(event(**changes), allowed_facts=ALLOWED)
    assert b"canary" not in record.data.lower()


@pytest.mark.parametrize(
    "changes",
    [
        {"path": CANARY},
        {"result": CANARY},
        {"result": {"action": "allow", "allowed": CANARY}},
        {"result": decision(reasons=CANARY)},
        {"result": decision(waived=[CANARY])},
        {"decision_id": CANARY * 100},
    ],
)
def test_refusal_never_shows_what_was_refused(changes: dict[str, Any]) -> None:
    """An event of no known shape is refused by a text without any of it."""
    with pytest.raises(EvidenceError) as caught:
        make_decision(event(**changes), allowed_facts=ALLOWED)
    assert caught.value.code in {"RF904", "RF911"}
    assert CANARY not in str(caught.value) + caught.value.help
    assert caught.value.__cause__ is None


def test_no_answer_is_kept_as_such() -> None:
    """An event without a result says that nothing was decided, and invents no action."""
    body = _body(event(result=None))
    assert body["decided"] is False
    assert "action" not in body


def test_numbers_beyond_a_double_are_marked_text() -> None:
    """A number that RFC 8785 cannot write is its literal under `number`; all others are numbers."""
    facts = {
        "a": 2**53 - 1, "b": 2**53, "c": ExactNumber("1e400"), "d": 0.5, "e": [1, -(2**60)],
        "f": 2.0**53, "g": -1e300,
    }  # fmt: skip
    assert _body(event(facts=facts), allowed=frozenset("abcdefg"))["facts"] == {
        "a": 2**53 - 1,
        "b": {"number": str(2**53)},
        "c": {"number": "1e400"},
        "d": 0.5,
        "e": [1, {"number": str(-(2**60))}],
        "f": {"number": "9007199254740992"},
        "g": {"number": "-1e+300"},
    }


def test_caller_cannot_keep_a_decision_out() -> None:
    """Long facts, many names, long ids and many erased pointers are withheld; the decision stays."""
    facts = {
        "runner": {"class": "x" * 2000, "size": ["y" * 1000] * 200},
        **{f"name_{n}": n for n in range(5000)},
    }
    given_ = event(
        facts=facts,
        erased=tuple(f"/input/x{n}" for n in range(5000)),
        result=decision(reasons=[{**REASON, "rule": f"r{n}"} for n in range(900)]),
    )
    given_.input["trace_id"] = "t" * 5000
    record = make_decision(given_, allowed_facts=ALLOWED)
    assert len(record.data) <= MAX_RECORD
    body = record.body
    assert (body["allowed"], body["facts"], body["trace_id"]) == (False, {}, None)
    assert body["omitted"]["reasons"] + len(body["reasons"]) == 900


def test_the_list_of_kinds_is_closed() -> None:
    """A record of another kind, version or shape is not read."""
    good = make_record(RecordKind.RUN, {"a": 1})
    assert read_record(good.data) == good == Record(RecordKind.RUN, good.data)
    for old, new in (
        (b"run", b"ran"),
        (b'n":1}', b'n":2}'),
        (b'n":1}', b'n":true}'),
        (b'n":1}', b'n":1.0}'),
        (b'"run"', b"[1]"),
        (b'"run"', b"7"),
        (b"body", b"bady"),
        (b"{", b"["),
    ):
        with pytest.raises(VerifyError) as caught:
            read_record(good.data.replace(old, new))
        assert caught.value.code == "RF925"


def test_record_is_at_most_an_entry() -> None:
    """65,535 bytes are written and read, one more is neither."""
    room = MAX_RECORD - len(make_record(RecordKind.RUN, {"a": ""}).data)
    assert len(make_record(RecordKind.RUN, {"a": "x" * room}).data) == MAX_RECORD
    with pytest.raises(EvidenceError):
        make_record(RecordKind.RUN, {"a": "x" * (room + 1)})
    with pytest.raises(VerifyError):
        read_record(b" " * (MAX_RECORD + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=5) | st.sampled_from(["facts", "a", "b"]), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(JSON, JSON, JSON)
def test_any_event_gives_a_record_or_evidence_error(asked: Any, result: Any, part: Any) -> None:
    """Whatever an event holds, there is a record within its bounds, or an EvidenceError."""
    for one in (result, decision(reasons=part), decision(policy=part, obligations=[{"x": part}])):
        try:
            record = make_decision(
                event(input=asked, result=one), allowed_facts=frozenset({"a", "b", "a.b"})
            )
        except EvidenceError as error:
            assert error.code in {"RF904", "RF910"}  # noqa: PT017 - either outcome is right
        else:
            assert read_record(record.data).kind is RecordKind.DECISION
