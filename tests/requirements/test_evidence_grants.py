"""Records of approvals and exceptions: only of what the trust root verifies, and as it was used."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.requirements.ask import DEPLOY, NOW, Ask
from tests.requirements.people import IDENTITIES, key_of
from tests.requirements.trail import CANARY, Trail, make_trail, one_decision

from ringfence.evidence.records import make_record


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
        "revoked": token(by=IDENTITIES["lee"], kid="retired", key=key_of("retired")),
        "key_not_valid": token(kid="globex-only", key=key_of("globex-only")),
    }
    (trail.folder / "some.jws").write_text(
        "\n".join([*given.values(), good, token(jti="apr-revoked")])
    )
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
