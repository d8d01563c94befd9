"""Reviews, explanations, lineage and grants: from a decision of the real OPA to the view of it."""

import copy
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.serving import SCAFFOLD
from tests.requirements.ask import DEPLOY, NOW, Ask
from tests.requirements.people import IDENTITIES, key_of
from tests.requirements.trail import CANARY, Trail, make_trail

from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind, make_record, read_record

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
LEDGER = ("ledger", "--key", "log.vkey")
SECTIONS = ("explanations", "lineage", "reviews", "approvals", "exceptions")


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory, ask: Ask) -> Trail:
    """Make a ledger in which one decision has all that there can be; read only."""
    made = make_trail(tmp_path_factory.mktemp("trail"), ask)
    (made.folder / "approval.jws").write_text(made.token + "\n")
    made.append(
        made.record("approval", "approval.jws", "--root", "policies"),
        made.record("exception", "policies/exceptions/acme/EXC-1.yaml", "--root", "policies"),
        made.record("explanation", *LEDGER, "d-approved"),
        made.record("explanation", *LEDGER, "d-waived", "--policies", "policies"),
        made.record("explanation", *LEDGER, "d-blocked"),
        made.record("review", *LEDGER, "d-approved", *REVIEW),
        made.record("lineage", *LEDGER, "--decision", "d-approved", *LINEAGE, "--id", "lin-1"),
        made.record("lineage", *LEDGER, "--decision", "d-waived", *LINEAGE, "--parent", "lin-1"),
    )
    return made


REVIEW = (
    "--class", "false_positive", "--by", "user:kim@acme.example", "--note", "As planned.",
    "--observed", "run.timeout=900",
)  # fmt: skip
LINEAGE = (
    "--subject-type", "dataset", "--subject-id", "orders", "--operation", "join",
    "--input", "dataset:raw@7", "--output-ref", "dataset:orders@8",
)  # fmt: skip


def one_decision(trail: Trail, name: str) -> dict[str, Any]:
    """Return what is said of a decision."""
    (found,) = [one for one in trail.inspect(name)["decisions"] if one["decision_id"] == name]
    return dict(found)


@pytest.mark.requirement("R5.30", "R5.31", on="command")
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


@pytest.mark.requirement("R5.30", "R5.31", on="command")
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


def test_a_grant_that_is_not_recorded_is_told(tmp_path: Path, ask: Ask) -> None:
    """A decision that used an approval and an exception without a record says so by their ids."""
    made = make_trail(tmp_path, ask)
    (approval,) = one_decision(made, "d-approved")["absent"]["approvals"]
    assert approval.endswith("was used, and the ledger holds no record of it")
    assert one_decision(made, "d-waived")["absent"]["exceptions"] == [
        "the exception `EXC-1` was used, and the ledger holds no record of it"
    ]


def test_a_grant_that_was_recorded_otherwise_is_told(tmp_path: Path, ask: Ask) -> None:
    """A record that gives another end, rule or person than the decision used is shown as such."""
    made = make_trail(tmp_path, ask)
    given = ("exception", "policies/exceptions/acme/EXC-1.yaml", "--root", "policies")
    record = made.record(*given)
    made.append(record)
    assert "exceptions" not in one_decision(made, "d-waived")["absent"]
    made.append(make_record(record.kind, {**record.body, "until": record.body["until"] + 1}))
    assert one_decision(made, "d-waived")["absent"]["exceptions"] == [
        "the exception `EXC-1` was used otherwise than its record says"
    ]


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


@pytest.mark.requirement("R5.1", on="record")
def test_a_trace_leads_to_decision_explanation_review_and_grants(trail: Trail) -> None:
    """R5.1: what is recorded under a decision carries its trace, and the trace leads to all of it."""
    found = trail.inspect("t-approved")
    (decision,) = found["decisions"]
    assert decision["decision_id"] == "d-approved"
    linked = [one["body"] for name in SECTIONS[:3] for one in decision[name]]
    assert {one["trace_id"] for one in linked} == {"t-approved"}
    assert {one["kind"] for one in found["records"]} == {
        "approval", "explanation", "lineage", "review",
    }  # fmt: skip


@pytest.mark.requirement("R5.6", "R5.74", on="record")
def test_lineage_leads_to_the_lineage_that_it_follows(trail: Trail) -> None:
    """R5.6, R5.74: what one decision made is followed back over the decision before it."""
    found = trail.inspect("d-waived")
    assert {one["decision_id"] for one in found["decisions"]} == {"d-waived", "d-approved"}
    bodies = [one["body"] for one in found["records"] if one["kind"] == "lineage"]
    assert [one["parent_lineage_ids"] for one in bodies] == [[], ["lin-1"]]
    assert {tuple(one["input_refs"]) for one in bodies} == {("dataset:raw@7",)}


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


def test_grants_are_recorded_only_as_the_trust_root_has_them(trail: Trail, ask: Ask) -> None:
    """An altered, a stranger's, a self-approved and a future token are refused by word, never shown."""
    change = {"runner.size": "xlarge"}

    def token(**other: Any) -> str:
        return ask.approve(DEPLOY, change, of=["runner.approval.xlarge"], **other)

    good = token()
    head, payload, signature = good.split(".")
    flipped = payload[:-8] + ("A" if payload[-8] != "A" else "B") + payload[-7:]
    given = {
        "malformed": "not-a-token-" + CANARY,
        "wrong_signature": token(key=key_of("robin")),
        "unknown_key": token(kid="nobody", key=key_of("stranger")),
        "other_identity": token(by=IDENTITIES["robin"]),
        "issued_in_future": token(issued_at=NOW + 7200),
        "key_not_valid": token(kid="globex-only", key=key_of("globex-only")),
    }
    (trail.folder / "some.jws").write_text("\n".join([*given.values(), good, token(jti="apr-2")]))
    done = trail.run("evidence", "record", "approval", "some.jws", "--root", "policies")
    assert (done.code, len(done.out.splitlines())) == (2, 2)
    said = [one for one in done.err.splitlines() if one.startswith("some.jws:")]
    assert said == [
        f"some.jws:{number}: RF939 the token does not count: `{word}`"
        for number, word in enumerate(given, start=1)
    ]
    (trail.folder / "altered.jws").write_text(f"{head}.{flipped}.{signature}\n")
    altered = trail.run("evidence", "record", "approval", "altered.jws", "--root", "policies")
    assert (altered.code, altered.out) == (2, "")
    shown = done.err + done.out + altered.err
    assert [one for one in (*good.split("."), CANARY) if one in shown] == []


def test_an_expired_token_is_recorded_as_it_was_given(trail: Trail) -> None:
    """An approval that has expired since gives the very same record; an exception likewise."""
    late = NOW + 30 * 24 * 3600
    for given in (
        ("approval", "approval.jws"),
        ("exception", "policies/exceptions/acme/EXC-1.yaml"),
    ):
        command = ("evidence", "record", *given, "--root", "policies")
        assert trail.run(*command, now=late).out == trail.run(*command).out != ""


def test_an_altered_exception_is_not_recorded(trail: Trail) -> None:
    """A later end in the file breaks the signature: the command says so and writes nothing."""
    text = Path(trail.folder / "policies/exceptions/acme/EXC-1.yaml").read_text()
    (trail.folder / "EXC-1.yaml").write_text(text.replace("2026-12-05", "2026-12-25"))
    given = ("EXC-1.yaml", "--root", "policies", "-o", "none.jsonl")
    done = trail.run("evidence", "record", "exception", *given)
    assert done.code == 3
    assert "RF514" in done.err
    assert not (trail.folder / "none.jsonl").exists()


@pytest.mark.requirement("R1.31", on="command")
def test_all_exceptions_of_a_repository_are_recorded_also_unused_ones(trail: Trail) -> None:
    """An auditor gets every exception: one that no decision used, and one that has expired, too."""
    done = trail.run("evidence", "record", "exception", "--root", "policies", "-o", "all.jsonl")
    assert (done.code, done.out) == (0, "wrote 6 records to all.jsonl\n")
    lines = (trail.folder / "all.jsonl").read_text().splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    assert {one["id"] for one in bodies} == {
        "EXC-1", "EXC-9", "EXC-lapsed", "EXC-new", "EXC-old", "EXC-scanned",
    }  # fmt: skip
    assert all(one["reason"] and one["risk_analysis"] and one["cost_plan"] for one in bodies)
    again = trail.run("evidence", "record", "exception", "--root", "policies", "-o", "all.jsonl")
    assert again.code == 1
    assert "RF914" in again.err


def test_policies_add_what_a_rule_asks_for_only_if_they_decided(trail: Trail) -> None:
    """The texts of the repository stand in an explanation of what it decided, and of nothing else."""
    (held,) = one_decision(trail, "d-waived")["explanations"]
    assert "must hold: " in held["body"]["factors"][0]["evidence"]
    given = ("evidence", "record", "explanation", *LEDGER, "d-waived", "--policies")
    done = trail.run(*given, str(SCAFFOLD))
    assert done.code == 0
    assert "must hold: " not in done.out
    assert "another policy" in done.err


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
    (block,) = re.findall(r"```sh recording\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines():
        done = made.run(*shlex.split(line)[1:])
        assert (done.code, done.err) == (0, ""), line
    assert "approvals:\n    - app-" in done.out
    assert "no record of it" not in done.out


def test_the_pages_records_are_in_the_form_of_their_kind() -> None:
    """The page shows one record of each of these kinds, in its exact bytes."""
    (block,) = re.findall(r"```json recorded\n(.*?)```", PAGE, re.DOTALL)
    records = [read_record(line) for line in block.encode().splitlines()]
    assert [read_delivered(one.data) for one in records] == records
    assert [one.kind.value for one in records] == [
        "approval", "exception", "review", "explanation", "lineage",
    ]  # fmt: skip
