"""Explanations, lineage and grants of decisions of the real OPA, in the one view of each."""

import json
from pathlib import Path
from unittest import mock

import pytest
from tests.pipeline.serving import SCAFFOLD
from tests.requirements.ask import Ask
from tests.requirements.trail import CANARY, LEDGER, SECTIONS, Trail, make_trail, one_decision

from ringfence.cli.evidence.record import explanation as record_explanation
from ringfence.evidence.records import RecordKind, make_record


@pytest.mark.requirement("R5.30", on="command")
def test_one_view_holds_every_section(trail: Trail) -> None:
    """Explanation, lineage, review and grants of a decision stand in its one view; what is not is said."""
    found = one_decision(trail, "d-approved")
    assert {name: len(found[name]) for name in SECTIONS} == {
        "explanations": 1, "lineage": 1, "reviews": 1, "approvals": 1, "exceptions": 0,
    }  # fmt: skip
    assert found["absent"] == {"exceptions": ["no exception was used"]}
    text = trail.run("evidence", "inspect", "ledger", "d-approved", "--key", "log.vkey").out
    for said in (
        "explanations:\n    - by ringfence at ",
        "lineage:\n    - lin-1: join of dataset orders",
        "reviews:\n    - false_positive by user:kim@acme.example",
        "note: As planned.",
        "approvals:\n    - app-",
        "exceptions:\n    - no exception was used",
    ):
        assert said in text


@pytest.mark.requirement("R5.2", "R5.30", on="command")
def test_absent_sections_are_said_and_never_dropped(trail: Trail) -> None:
    """A decision of which nothing else is held has every section, each with the sentence that it is not."""
    found = one_decision(trail, "d-other")
    assert [found[name] for name in SECTIONS] == [[], [], [], [], []]
    assert found["absent"] == {
        "explanations": ["no explanation is recorded"],
        "lineage": ["no lineage is recorded"],
        "reviews": ["no review is recorded"],
        "approvals": ["no approval was used"],
        "exceptions": ["no exception was used"],
    }
    text = trail.run("evidence", "inspect", "ledger", "d-other", "--key", "log.vkey").out
    assert [name for name in SECTIONS if f"  {name}:\n    - no " not in text] == []


@pytest.mark.requirement("R1.31", on="command")
def test_a_used_exception_leads_to_all_that_was_asked_for(trail: Trail) -> None:
    """R1.31: justification, risk analysis and cost plan of a used exception stand with the decision."""
    (held,) = one_decision(trail, "d-waived")["exceptions"]
    body = held["body"]
    assert body["id"] == "EXC-1"
    assert body["reason"] == "Orders were lost and are loaded again."
    assert body["risk_analysis"] == "Same image and data as every day; only hours rise."
    assert body["cost_plan"]["agreed_with"] == "user:finops@acme.example"
    assert body["match"] == ["pipeline.id"]
    assert "orders-backfill" not in json.dumps(body)


def test_a_used_approval_leads_to_its_record_and_to_no_token(trail: Trail) -> None:
    """An approval's record has the token's id and digest; no part of the token is in any record."""
    decision = one_decision(trail, "d-approved")
    (held,) = decision["approvals"]
    body = held["body"]
    assert body["rules"] == ["runner.approval.xlarge"]
    assert (body["by"], body["kid"]) == ("user:lee@platform.example", "lee")
    stored = b"".join(
        path.read_bytes() for path in (trail.folder / "ledger").rglob("*") if path.is_file()
    )
    assert [part for part in trail.token.split(".") if part.encode() in stored] == []
    assert CANARY.encode() not in stored


@pytest.mark.requirement("R5.2", on="record")
@pytest.mark.parametrize("name", ["d-approved", "d-waived", "d-blocked"])
def test_each_decision_can_be_explained_from_its_record(trail: Trail, name: str) -> None:
    """R5.2: the explanation names the decision, a summary, and each rule of the record as a factor."""
    decision = one_decision(trail, name)
    (held,) = decision["explanations"]
    body = held["body"]
    assert (body["decision_id"], body["action"]) == (name, decision["action"])
    assert body["summary"].startswith(decision["verdict"])
    assert [one["name"] for one in body["factors"]] == [one["rule"] for one in decision["rules"]]
    assert body["factors"]
    assert all(decision["leaf"] in one["evidence"] for one in body["factors"])
    signs = {"blocked": -1, "observed": 0, "approved": 1, "waived": 1}
    assert [one["contribution"] for one in body["factors"]] == [
        signs[one["part"]] for one in decision["rules"]
    ]


def test_policies_add_what_a_rule_asks_for_only_if_they_decided(trail: Trail) -> None:
    """The texts of the repository stand in an explanation of what it decided, and of nothing else."""
    (held,) = one_decision(trail, "d-waived")["explanations"]
    assert "must hold: " in held["body"]["factors"][0]["evidence"]
    given = ("evidence", "record", "explanation", *LEDGER, "d-waived", "--policies")
    done = trail.run(*given, str(SCAFFOLD))
    assert done.code == 0
    assert "must hold: " not in done.out
    assert done.err == "note: decided under another policy than the one at hand: 1\n"


@pytest.mark.requirement("R5.2", on="command")
def test_what_has_no_explanation_is_found_and_explained(tmp_path: Path, ask: Ask) -> None:
    """R5.2: `--missing` explains each decision that lacks it, so that none is left, and then nothing."""
    made = make_trail(tmp_path, ask)
    made.append(made.record("explanation", *LEDGER, "d-waived"))
    missing = ("evidence", "record", "explanation", *LEDGER, "--missing")
    lines = [json.loads(line) for line in made.run(*missing).out.splitlines()]
    assert [one["body"]["decision_id"] for one in lines] == ["d-approved", "d-blocked", "d-other"]
    assert made.run(*missing, "--tenant", "globex").out == ""
    with mock.patch.object(record_explanation, "_MOST", 2):
        some = made.run(*missing)
    assert (len(some.out.splitlines()), some.code) == (2, 0)
    assert some.err == "note: only the first 2: append these, and run it again\n"
    made.append(*(make_record(RecordKind.EXPLANATION, one["body"]) for one in lines))
    assert made.run(*missing).out == ""
    for name in ("d-approved", "d-blocked", "d-other", "d-waived"):
        assert "explanations" not in one_decision(made, name)["absent"]


@pytest.mark.requirement("R5.29", on="command")
def test_an_unknown_trace_has_no_view(trail: Trail) -> None:
    """R5.29: a trace that no record names is an error, and nothing is made up of it."""
    assert trail.inspect("t-waived")["decisions"]
    done = trail.run("evidence", "inspect", "ledger", "t-999", "--key", "log.vkey")
    assert (done.code, done.out) == (4, "")
    assert "RF971" in done.err


@pytest.mark.requirement("R5.1", on="record")
def test_a_trace_leads_to_decision_explanation_review_and_package(trail: Trail) -> None:
    """R5.1: what is recorded under a decision carries its trace, which leads to all of it and a package.

    Of a trace without a decision there is no package.
    """
    found = trail.inspect("t-approved")
    (decision,) = found["decisions"]
    assert decision["decision_id"] == "d-approved"
    linked = [one["body"] for name in SECTIONS[:3] for one in decision[name]]
    assert {one["trace_id"] for one in linked} == {"t-approved"}
    kinds = {"approval", "explanation", "lineage", "review"}
    assert {one["kind"] for one in found["records"]} == kinds
    assert trail.run("keygen", "--type", "ed25519", "--out", "trace", "--name", "package").code == 0
    given = (*LEDGER, "--tenant", "acme", "--signing-key", "trace/package.key.pem")
    for trace, code in (("t-approved", 0), ("t-999", 1)):
        done = trail.run("evidence", "export", *given, "--id", trace, "-o", f"{trace}.tar")
        assert (done.code, (trail.folder / f"{trace}.tar").exists()) == (code, not code)
    opened = ("--package-key", "trace/package.pub.pem", "--key", "log.vkey", "--format", "jsonl")
    view = trail.run("evidence", "view", "t-approved.tar", *opened)
    held = [json.loads(line)["kind"] for line in view.out.splitlines()]
    assert set(held) == {*kinds, "decision", "key_event"}


@pytest.mark.requirement("R5.6", "R5.74", on="record")
def test_lineage_leads_to_the_lineage_that_it_follows(trail: Trail) -> None:
    """R5.6, R5.74: what one decision made is followed back over the decision before it."""
    found = trail.inspect("d-waived")
    assert {one["decision_id"] for one in found["decisions"]} == {"d-waived", "d-approved"}
    bodies = [one["body"] for one in found["records"] if one["kind"] == "lineage"]
    assert [one["parent_lineage_ids"] for one in bodies] == [[], ["lin-1"]]
    assert {tuple(one["input_refs"]) for one in bodies} == {("dataset:raw@7",)}


def test_an_export_holds_them_for_their_tenant_and_window(trail: Trail) -> None:
    """A package of a window has what is about its decisions, verifies, and views hold each record."""
    assert trail.run("keygen", "--type", "ed25519", "--out", "keys", "--name", "package").code == 0
    common = ("evidence", "export", *LEDGER, "--signing-key", "keys/package.key.pem")
    window = ("--tenant", "acme", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-20T12:00:00Z")
    views = ("--view", "cef", "--view", "ocsf", "--view", "ecs", "--view", "openinference")
    done = trail.run(*common, *window, *views, "-o", "package")
    assert (done.code, done.err) == (0, "")
    verified = trail.run(
        "evidence", "verify", "package", "--key", "log.vkey",
        "--package-key", "keys/package.pub.pem",
    )  # fmt: skip
    assert verified.code == 0, verified.err
    lines = (trail.folder / "package" / "records.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert {kind: kinds.count(kind) for kind in set(kinds) - {"key_event"}} == {
        "decision": 3, "approval": 1, "exception": 1, "explanation": 3, "review": 1, "lineage": 2,
    }  # fmt: skip
    assert not any("d-other" in line for line in lines)
    for name in ("cef", "jsonl"):
        given = ("package", "--format", name, "--key", "log.vkey", "--package-key")
        view = trail.run("evidence", "view", *given, "keys/package.pub.pem")
        assert (view.code, len(view.out.splitlines())) == (0, len(lines))
    nothing = trail.run(*common, "--tenant", "globex", "-o", "other")
    assert nothing.code == 1
    assert "RF961" in nothing.err
