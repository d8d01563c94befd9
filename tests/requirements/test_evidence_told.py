"""What people and others tell of a decision: refused where the ledger does not hold it."""

import copy
import json
import re
import shlex
from pathlib import Path

import pytest
from tests.evidence.pages import PAGES
from tests.requirements.ask import Ask
from tests.requirements.trail import (
    CANARY,
    LEDGER,
    LINEAGE,
    REVIEW,
    Trail,
    make_trail,
    one_decision,
)

from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind, make_record, read_record


@pytest.mark.requirement("R5.6", "R5.74", on="command")
@pytest.mark.parametrize(
    ("left_out", "place"),
    [("--input", "input_refs: missing"), ("--operation", "operation: missing")],
)
def test_lineage_without_input_or_operation_is_refused(
    trail: Trail, left_out: str, place: str
) -> None:
    """R5.6, R5.74: lineage needs something that went in and an operation; the place is named."""
    at = LINEAGE.index(left_out)
    given = LINEAGE[:at] + LINEAGE[at + 2 :]
    done = trail.run("evidence", "record", "lineage", *LEDGER, "--decision", "d-waived", *given)
    assert (done.code, done.out) == (1, "")
    assert "RF909" in done.err
    assert place in done.err.replace("not of the right form", "missing")


@pytest.mark.requirement("R5.39", on="command")
def test_a_review_of_an_unknown_decision_is_refused(trail: Trail) -> None:
    """R5.39: what the ledger does not hold cannot be reviewed, and another tenant's decision neither."""
    for given in (("d-999",), ("d-approved", "--tenant", "globex")):
        done = trail.run("evidence", "record", "review", *LEDGER, *given, *REVIEW)
        assert (done.code, done.out) == (1, "")
        assert "RF939 the ledger holds no such decision" in done.err


@pytest.mark.requirement("R5.79", on="command")
def test_an_unknown_class_of_review_is_refused(trail: Trail) -> None:
    """R5.79: false_positive, true_positive and needs_tuning are taken, and `ok` is not."""
    for name in ("true_positive", "needs_tuning"):
        given = ("d-blocked", "--class", name, "--by", "user:kim@acme.example")
        assert trail.record("review", *LEDGER, *given).body["class"] == name
    given = ("d-blocked", "--class", "ok", "--by", "user:kim@acme.example")
    done = trail.run("evidence", "record", "review", *LEDGER, *given)
    assert (done.code, done.out) == (1, "")


@pytest.mark.requirement("R5.72", on="command")
def test_explanations_of_others_are_taken_in_the_same_form(trail: Trail) -> None:
    """R5.72: one line is recorded; a weight of 2, another action, and an unknown decision are told."""
    (derived,) = one_decision(trail, "d-blocked")["explanations"]
    body = {**derived["body"], "by": "service:explainer@acme.example", "explanation_id": "exp-9"}
    del body["tenant"], body["trace_id"]
    heavy = copy.deepcopy(body)
    heavy["factors"][0]["weight"] = 2
    bodies = [body, heavy, {**body, "action": "allow"}, {**body, "decision_id": "d-9"}]
    bodies.append({**body, "trace_id": CANARY})
    lines = [json.dumps(one) for one in bodies] + ["[]", '{"a":1,"a":2}']
    (trail.folder / "explained.jsonl").write_text("\n".join(lines) + "\n")
    done = trail.run("evidence", "record", "explanation", *LEDGER, "--from", "explained.jsonl")
    assert done.code == 2
    (line,) = done.out.splitlines()
    assert json.loads(line)["body"] == {**body, "tenant": "acme", "trace_id": "t-blocked"}
    said = [one for one in done.err.splitlines() if one.startswith("explained.jsonl:")]
    assert [one.partition(" ")[0] for one in said] == [
        f"explained.jsonl:{number}:" for number in range(2, 8)
    ]
    assert "factors[0].weight: not of the right form" in said[0]
    assert "action: not as the decision has it" in said[1]
    assert "trace_id: not as the decision has it" in said[3]
    assert CANARY not in done.err


@pytest.mark.requirement("R5.73", on="command")
@pytest.mark.parametrize(("confidence", "needed"), [(0.91, False), (0.7, False), (0.5, True)])
def test_low_confidence_asks_for_a_person(
    tmp_path: Path, ask: Ask, confidence: float, needed: bool
) -> None:
    """R5.73: an explanation that is less sure than 0.7 is flagged for human oversight, where it is shown."""
    made = make_trail(tmp_path, ask)
    body = made.record("explanation", *LEDGER, "d-blocked").body
    assert [one["confidence"] for one in body["factors"]] == [1] * len(body["factors"])
    body["factors"][0]["confidence"] = confidence
    made.append(make_record(RecordKind.EXPLANATION, body))
    assert one_decision(made, "d-blocked")["human_oversight_required"] is needed
    text = made.run("evidence", "inspect", "ledger", "d-blocked", "--key", "log.vkey").out
    assert ("a person has to look at it" in text) is needed


@pytest.mark.requirement("R5.61", on="record")
def test_kinds_are_a_closed_list(trail: Trail) -> None:
    """R5.61: a kind that is not on the list is refused, also where all else of the record holds."""
    record = trail.record("review", *LEDGER, "d-blocked", *REVIEW)
    assert record.kind is RecordKind.REVIEW
    with pytest.raises(EvidenceError, match="RF908 a record has an unknown kind"):
        read_delivered(record.data.replace(b'"kind":"review"', b'"kind":"verdict"'))


def test_the_pages_commands_record_all_of_it(tmp_path: Path, ask: Ask) -> None:
    """What the page shows under "Recording" runs as it stands, and leads to the view at its end."""
    made = make_trail(tmp_path, ask)
    (made.folder / "approval.jws").write_text(made.token + "\n")
    (block,) = re.findall(r"```sh recording\n(.*?)```", PAGES, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines():
        done = made.run(*shlex.split(line)[1:])
        assert (done.code, done.err) == (0, ""), line
    assert "approvals:\n    - app-" in done.out
    assert "no record of it" not in done.out
    (suggest_line,) = re.findall(r"```sh suggest\n(.*?)```", PAGES, re.DOTALL)
    done = made.run(*shlex.split(suggest_line.replace("\\\n", " "))[1:])
    assert (done.code, done.out) == (0, "none\n")


def test_the_pages_records_are_in_the_form_of_their_kind() -> None:
    """The page shows one record of each of these kinds, in its exact bytes."""
    (block,) = re.findall(r"```json recorded\n(.*?)```", PAGES, re.DOTALL)
    records = [read_record(line) for line in block.encode().splitlines()]
    assert [read_delivered(one.data) for one in records] == records
    assert [one.kind.value for one in records] == [
        "approval", "exception", "review", "explanation", "lineage",
    ]  # fmt: skip
