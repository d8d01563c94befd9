"""Facts about `ringfence approve` and `ringfence exception`, run as a user runs them."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from tests.trust.command import Done, pem, run

from ringfence.language.facts import all_points
from ringfence.pipeline import compile_repository
from ringfence.trust.canonical import bound_digest
from ringfence.trust.check import Accepted, Expected, Refused, check_token
from ringfence.trust.revocation import compile_revocations, parse_revocation
from ringfence.trust.written import read_exception

Keys = Mapping[str, Ed25519PrivateKey]

SCAFFOLD = Path(__file__).parents[2] / "compiler" / "ringfence" / "scaffold"
FACTS: dict[str, Any] = {
    "request": {"by": "user:maria@acme.example"},
    "runner": {
        "class": "container",
        "size": "xlarge",
        "profile": "standard",
        "network": "private_vpc",
    },
    "workload": {"id": "orders"},
    "pipeline": {"id": "orders-backfill"},
    "data": {"classification": "internal"},
}
LEE = "user:lee@platform.example"


@pytest.fixture
def place(tmp_path: Path, keys: Keys) -> Path:
    """Return a policy repository with lee's key and the facts of a request."""
    shutil.copytree(SCAFFOLD, tmp_path, dirs_exist_ok=True)
    (tmp_path / "lee.pem").write_bytes(pem(keys["lee"]))
    (tmp_path / "p256.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "facts.json").write_text(json.dumps(FACTS), encoding="utf-8")
    return tmp_path


TEAM_FACTS = """\
apiVersion: ringfence/v1
kind: Facts
metadata: {name: team, scope: platform, owner: platform-team}
spec:
  at: [runner.start]
  namespace: team
  facts:
    release: {type: string, binds: true, description: Release of the workload.}
"""
APPROVE = {
    "--point": "runner.start",
    "--tenant": "acme",
    "--env": "prod",
    "--rule": "runner.size.xlarge",
    "--facts": "facts.json",
    "--by": LEE,
    "--requester": "user:maria@acme.example",
    "--ttl": "8h",
    "--key": "lee.pem",
    "--kid": "lee",
}


def _approve(place: Path, **changes: str) -> Done:
    given = {**APPROVE, **{f"--{name}": value for name, value in changes.items()}}
    arguments = [part for pair in given.items() for part in pair]
    return run("approve", *arguments, cwd=place, stdin=json.dumps(FACTS))


def _expected(**changes: Any) -> Expected:
    fields = {
        "use": "approval",
        "point": "runner.start",
        "tenant": "acme",
        "env": "prod",
        "rule": "runner.size.xlarge",
        "digest": bound_digest(FACTS, all_points()["runner.start"]),
        "requester": "user:maria@acme.example",
        "revoked": {},
    }
    return Expected(**{**fields, **changes})


@pytest.mark.parametrize("facts", ["facts.json", "-"])
def test_approve_prints_a_token_that_counts(place: Path, trust: dict[str, Any], facts: str) -> None:
    """The printed token lifts the rule for this request, for as long as was asked, and no other."""
    done = _approve(place, facts=facts)
    assert (done.returncode, done.stderr) == (0, "")
    token, now = done.stdout.strip(), int(time.time())
    accepted = check_token(token, _expected(), trust=trust, now=now)
    assert isinstance(accepted, Accepted)
    assert accepted.until - accepted.claims["iat"] == 8 * 3600
    refused = check_token(token, _expected(digest="sha256:" + "00" * 32), trust=trust, now=now)
    assert isinstance(refused, Refused)
    assert refused.why == "other_request"


def test_an_approval_binds_what_a_team_declares_as_bound(
    place: Path, trust: dict[str, Any]
) -> None:
    """A team's own bound fact is in the digest: the token is for that value and for no other."""
    (place / "platform" / "facts.yaml").write_text(TEAM_FACTS, encoding="utf-8")
    facts = {**FACTS, "team": {"release": "r1"}}
    (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    done = _approve(place)
    assert (done.returncode, done.stderr) == (0, "")
    compiled = compile_repository(place, now=int(time.time()))
    point = compiled.platform.points["runner.start"].point
    for release, counts in (("r1", True), ("r2", False)):
        digest = bound_digest({**FACTS, "team": {"release": release}}, point)
        verdict = check_token(
            done.stdout.strip(), _expected(digest=digest), trust=trust, now=int(time.time())
        )
        assert isinstance(verdict, Accepted) is counts


def test_facts_that_cannot_be_read_stop_an_approval(place: Path) -> None:
    """A declaration with a mistake is told at its place, and nothing is signed."""
    broken = TEAM_FACTS.replace("type: string", "type: strign")
    (place / "platform" / "facts.yaml").write_text(broken, encoding="utf-8")
    done = _approve(place)
    assert (done.returncode, done.stdout) == (3, "")
    assert "platform/facts.yaml:8" in done.stderr


def test_another_mistake_stops_no_approval(place: Path) -> None:
    """A rule with a type error elsewhere is for `check` to tell."""
    rule = place / "platform" / "cost.yaml"
    rule.write_text(rule.read_text().replace("<= params.max_estimate", '<= "6h"'))
    assert _approve(place).returncode == 0


def test_keys_under_a_passphrase_sign(place: Path) -> None:
    """`approve` reads an encrypted key with its passphrase, and refuses a wrong one in clear words."""
    key = Ed25519PrivateKey.generate()
    locked = BestAvailableEncryption(b"open sesame")
    (place / "locked.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    (place / "right").write_text("open sesame\n")
    (place / "wrong").write_text("open barley\n")
    done = _approve(place, **{"key": "locked.pem", "passphrase-file": "right"})
    assert (done.returncode, done.stdout.count(".")) == (0, 2)
    refused = _approve(place, **{"key": "locked.pem", "passphrase-file": "wrong"})
    assert refused.returncode == 1
    assert "passphrase" in refused.stderr
    assert "open" not in refused.stderr + refused.stdout
    assert _approve(place, key="locked.pem").returncode == 1


def test_approve_writes_a_new_file_that_only_its_owner_reads(place: Path) -> None:
    """`--out` writes the token and prints nothing; an existing file stays."""
    done = _approve(place, out="token")
    assert (done.returncode, done.stdout) == (0, "")
    written = place / "token"
    before = written.read_text(encoding="utf-8")
    assert before.count(".") == 2
    assert written.stat().st_mode & 0o777 == 0o600
    again = _approve(place, out="token")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert written.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"point": "runner.stat"}, "did you mean `runner.start`?"),
        ({"by": "user:maria@acme.example"}, "cannot approve a request of their own"),
        ({"by": "lee"}, "`lee` is no identity"),
        ({"requester": "user:kim@acme.example"}, "the fact `request.by` is not"),
        ({"ttl": "31d"}, "longer than 30 days"),
        ({"ttl": "0s"}, "more than 0 s"),
        ({"ttl": "soon"}, "must be a duration"),
        ({"kid": "a b"}, "is no key id"),
        ({"key": "no.pem"}, "'no.pem' does not exist"),
        ({"key": "facts.json"}, "is not a private key in PEM"),
        ({"key": "p256.pem"}, "no Ed25519 key"),
        ({"facts": "no.json"}, "cannot be read"),
        ({"facts": "lee.pem"}, "not JSON without repeated names"),
    ],
)
def test_approve_refuses_what_no_decision_would_accept(
    place: Path, changes: dict[str, str], message: str
) -> None:
    """A mistake is told in one line with help, exit code 1, without a token or a traceback."""
    done = _approve(place, **changes)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ('{"request": {"by": "user:maria@acme.example"}}', "facts that the approval binds are missing"),
        ('{"a": 1, "a": 2}', "not JSON without repeated names"),
        ('{"a": NaN}', "not JSON without repeated names"),
        ("[]", "not a JSON object"),
    ],
)  # fmt: skip
def test_approve_refuses_facts_that_bind_nothing(place: Path, facts: str, message: str) -> None:
    """Facts that lack what is bound, or that readers read differently, are not signed."""
    (place / "facts.json").write_text(facts, encoding="utf-8")
    done = _approve(place)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


REQUEST = [
    *("exception", "request", "EXC-7", "--tenant", "acme", "--owner", "example-team"),
    *("--lifts", "runner.quota.monthly-hours", "--at", "runner.start"),
    *("--match", "pipeline.id=orders: #1", "--match", "facts.runner.class=container"),
    *("--match", "workload.is_new=true", "--ceiling", "usage.class_hours_after=140h"),
    *("--starts-at", "2026-01-01T00:00:00Z", "--expires-at", "2999-01-01T00:00:00Z"),
    *("--requester", "user:maria@acme.example", "--justification", 'After the "outage"'),
    *("--risk", "Only hours rise.", "--cost", "extra=40h", "--cost", "cost_center=CC-1"),
    *("--cost", "agreed_with=user:finops@acme.example"),
]


def test_exceptions_are_requested_approved_and_revoked(place: Path, keys: Keys) -> None:
    """The three commands write an exception, its approval, and its revocation."""
    path = place / "exceptions/acme/EXC-7.yaml"
    done = run(*REQUEST, cwd=place)
    assert (done.returncode, done.stdout) == (0, "exceptions/acme/EXC-7.yaml\n"), done.stderr
    requested = read_exception("exceptions/acme/EXC-7.yaml", path.read_bytes())
    assert dict(requested.spec.match) == {
        "facts.pipeline.id": ("orders: #1",),
        "facts.runner.class": ("container",),
        "facts.workload.is_new": (True,),
    }
    assert requested.spec.approval is None

    sign = ["exception", "approve", str(path), "--key", "lee.pem", "--by", LEE, "--kid", "lee"]
    done = run(*sign, cwd=place)
    assert (done.returncode, done.stdout) == (0, f"approved EXC-7 by {LEE}\n"), done.stderr
    approved = read_exception("exceptions/acme/EXC-7.yaml", path.read_bytes())
    assert approved.spec.approval is not None
    assert approved.spec.model_copy(update={"approval": None}) == requested.spec
    assert "already" in run(*sign, cwd=place).stderr

    revoke = ["exception", "revoke", "EXC-7", "--reason", "done", "--by", LEE]
    done = run(*revoke, cwd=place)
    assert (done.returncode, done.stdout) == (0, "exceptions/revoked/EXC-7.yaml\n"), done.stderr
    written = (place / "exceptions/revoked/EXC-7.yaml").read_bytes()
    document = parse_revocation("exceptions/revoked/EXC-7.yaml", written)
    assert document.scope == "platform"
    revoked = compile_revocations([document])
    assert list(revoked) == ["EXC-7"]
    assert (revoked["EXC-7"]["by"], revoked["EXC-7"]["reason"]) == (LEE, "done")
    assert "exists already" in run(*revoke, cwd=place).stderr


def test_a_request_is_not_overwritten(place: Path) -> None:
    """A second request of the same name fails and leaves the first as it is."""
    assert run(*REQUEST, cwd=place).returncode == 0
    path = place / "exceptions/acme/EXC-7.yaml"
    before = path.read_bytes()
    done = run(*REQUEST, cwd=place)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["EXC-7.yaml"]


@pytest.mark.parametrize(
    ("before", "after", "code", "message"),
    [
        ("EXC-7", "../EXC-7", 1, "is no name"),
        ("acme", "../acme", 1, "is no name"),
        ("2999-01-01T00:00:00Z", "tomorrow", 3, "must be a quoted UTC time"),
        ("2999-01-01T00:00:00Z", "2025-01-01T00:00:00Z", 3, "must be later than"),
        ("Only hours rise.", " ", 3, "RF"),
        ("facts.runner.class=container", "facts.runner.clas=x", 3, "did you mean"),
        ("facts.runner.class=container", "facts.runner.class", 1, "write --match NAME=VALUE"),
        ("facts.runner.class=container", "facts.runner.class=*", 3, "must be an exact value"),
        ("runner.start", "runner.stop", 3, "there is no decision point `runner.stop`"),
        ("extra=40h", "extra= ", 3, "must not be blank"),
        ("cost_center=CC-1", "centre=CC-1", 3, "unknown key `centre`"),
    ],
)
def test_wrong_requests_write_nothing(
    place: Path, before: str, after: str, code: int, message: str
) -> None:
    """A request that check would refuse is refused before a file is written."""
    done = run(*(after if part == before else part for part in REQUEST), cwd=place)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "exceptions").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({LEE: "user:maria@acme.example"}, "cannot approve their own exception"),
        ({"lee.pem": "p256.pem"}, "no Ed25519 key"),
        ({"exceptions/acme/EXC-7.yaml": "facts.json"}, ""),
        ({"exceptions/acme/EXC-7.yaml": "no.yaml"}, "cannot be read"),
    ],
)
def test_wrong_approvals_change_nothing(place: Path, changes: dict[str, str], message: str) -> None:
    """An approval that could not count leaves the exception as it was."""
    assert run(*REQUEST, cwd=place).returncode == 0
    path = place / "exceptions/acme/EXC-7.yaml"
    before = path.read_bytes()
    arguments = ["exception", "approve", "exceptions/acme/EXC-7.yaml", "--key", "lee.pem"]
    arguments += ["--by", LEE, "--kid", "lee"]
    done = run(*(changes.get(part, part) for part in arguments), cwd=place)
    assert done.returncode in (1, 3)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_only_what_exists_is_revoked(place: Path) -> None:
    """A misspelt name revokes nothing and is corrected."""
    assert run(*REQUEST, cwd=place).returncode == 0
    done = run("exception", "revoke", "EXC7", "--reason", "done", "--by", LEE, cwd=place)
    assert done.returncode == 1
    assert "did you mean `EXC-7`?" in done.stderr
    assert not (place / "exceptions/revoked").exists()
