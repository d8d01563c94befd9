"""Thresholds that reviews suggest."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.kind_samples import sample
from tests.requirements.ask import Ask
from tests.requirements.trail import (
    LEDGER,
    make_trail,
)

from ringfence.evidence.held import HeldDecisions
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.suggesting import Question, suggest


@pytest.mark.requirement("R5.40", "R5.80", on="command")
def test_a_threshold_is_suggested_by_reviews_alone(tmp_path: Path, ask: Ask) -> None:
    """R5.40, R5.80: 0.70 and 0.80 give 0.8 for lt and 0.7 for gt; without reviews there is none."""
    made = make_trail(tmp_path, ask)
    asked = ("evidence", "suggest-threshold", *LEDGER, "--fact", "eval.score", "--comparator")
    assert made.run(*asked, "lt").out == "none\n"
    by = ("--by", "user:kim@acme.example")

    def review(name: str, reviewed: str, *observed: str) -> Record:
        given = [part for one in observed for part in ("--observed", one)]
        return made.record("review", *LEDGER, name, "--class", reviewed, *by, *given)

    made.append(
        review("d-approved", "false_positive", "eval.score=0.70"),
        review("d-waived", "false_positive", "eval.score=0.80", "eval.other=5"),
        review("d-blocked", "true_positive", "eval.score=0.95"),
        review("d-other", "true_positive", "eval.score=0.99"),
    )
    for comparator, said in (("lt", 0.8), ("lte", 0.8), ("gt", 0.7), ("gte", 0.7)):
        done = made.run(*asked, comparator, "--format", "json")
        found = json.loads(done.out)
        assert (found["threshold"], found["without"]) == (said, [])
        assert found["values"] == {"d-approved": 0.7, "d-waived": 0.8}
    assert made.run(*asked, "lt", "--class", "true_positive").out.startswith("0.99\n")
    assert made.run(*asked, "lt", "--class", "needs_tuning").out == "none\n"
    assert made.run(*asked, "lt", "--tenant", "globex").out == "none\n"
    rule = ("--rule", "runner.quota.monthly-hours")
    assert made.run(*asked, "gt", *rule).out == "0.8\n  0.8 in decision d-waived\n"
    made.append(review("d-waived", "needs_tuning"))
    assert made.run(*asked, "lt").out.startswith("0.7\n")
    assert made.run(*asked, "lt", "--class", "needs_tuning").out == (
        "none\n  no number in decision d-waived\n"
    )
    assert made.run(*asked, "approx").code == 1


def test_a_threshold_falls_back_on_the_fact_of_the_record() -> None:
    """Where a reviewer observed nothing, the decision's own number counts, and no text or truth does."""
    bodies: dict[str, dict[str, Any]] = {
        "d-1": {"facts": {"n": 7}}, "d-2": {"facts": {"n": "9"}}, "d-3": {"facts": {"n": True}},
    }  # fmt: skip
    decisions = {
        name: (make_record(RecordKind.DECISION, {"decision_id": name, "tenant": "acme", **body}),)
        for name, body in bodies.items()
    }
    reviews = [sample(RecordKind.REVIEW, decision_id=name, observed=[]) for name in bodies]
    reviews.append(sample(RecordKind.REVIEW, decision_id="d-9", observed=[]))
    found = suggest(
        reviews, held=HeldDecisions(decisions), question=Question(fact="n", comparator="lt")
    )
    assert (found.threshold, dict(found.values), found.without) == (7, {"d-1": 7}, ("d-2", "d-3"))
