"""Facts about `ringfence attest`, run as a user runs it."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.trust.command import Done, pem, run

from ringfence.trust.check import Accepted, Expected, Refused, check_token

Keys = Mapping[str, Ed25519PrivateKey]

SCANNER = "service:scanner"
FACTS = {
    "artifact": {"digest": "sha256:5f1d"},
    "scan": {"status": "passed", "digest": "sha256:5f1d"},
    "run": {"concurrency": 1},
}
GIVEN = {
    "--point": "runner.deploy",
    "--tenant": "acme",
    "--env": "prod",
    "--facts": "facts.json",
    "--attest": "scan.status",
    "--subject": "artifact.digest",
    "--by": SCANNER,
    "--ttl": "5h",
    "--key": "scanner.pem",
    "--kid": "scanner",
}


@pytest.fixture
def place(tmp_path: Path, keys: Keys) -> Path:
    """Return a directory with the scanner's key and the facts of a request."""
    (tmp_path / "scanner.pem").write_bytes(pem(keys["scanner"]))
    (tmp_path / "facts.json").write_text(json.dumps(FACTS), encoding="utf-8")
    return tmp_path


def _attest(place: Path, *more: str, **changes: str) -> Done:
    given = {**GIVEN, **{f"--{name}": value for name, value in changes.items()}}
    arguments = [part for pair in given.items() for part in pair]
    return run("attest", *arguments, *more, cwd=place, stdin=json.dumps(FACTS))


def _verdict(token: str, trust: dict[str, Any], facts: Mapping[str, Any]) -> Accepted | Refused:
    expected = Expected(
        use="attestation",
        point="runner.deploy",
        tenant="acme",
        env="prod",
        facts=facts,
        revoked={},
    )
    return check_token(token, expected, trust=trust, now=int(time.time()))


@pytest.mark.parametrize("facts", ["facts.json", "-"])
def test_attest_prints_a_token_that_counts_for_its_subject(
    place: Path, trust: dict[str, Any], facts: str
) -> None:
    """The token asserts the named facts with the file's values, of this artifact and no other."""
    done = _attest(place, "--attest", "scan.digest", facts=facts)
    assert (done.returncode, done.stderr) == (0, "")
    token = done.stdout.strip()
    accepted = _verdict(token, trust, FACTS)
    assert isinstance(accepted, Accepted)
    assert accepted.claims["attested"] == {"scan.status": "passed", "scan.digest": "sha256:5f1d"}
    other = _verdict(token, trust, {**FACTS, "artifact": {"digest": "sha256:6"}})
    assert isinstance(other, Refused)
    assert other.why == "other_request"


def test_attest_writes_a_new_file(place: Path) -> None:
    """`--out` writes the token for its owner alone, and replaces nothing."""
    assert _attest(place, out="token").returncode == 0
    assert (place / "token").stat().st_mode & 0o777 == 0o600
    assert "exists already" in _attest(place, out="token").stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"point": "runner.deplo"}, "did you mean `runner.deploy`?"),
        ({"attest": "run.concurrency"}, "facts that are attested: scan.status"),
        ({"attest": "scan.statsu"}, "no attested fact of `runner.deploy`"),
        ({"subject": "artifact.digst"}, "did you mean `artifact.digest`?"),
        ({"subject": "run.concurrency"}, "is no text"),
        ({"subject": "pipeline.id"}, "the facts have no `pipeline.id`"),
        ({"by": "scanner"}, "is no identity"),
        ({"kid": "a b"}, "is no key id"),
        ({"ttl": "367d"}, "longer than 366 days"),
        ({"ttl": "soon"}, "must be a duration"),
        ({"facts": "no.json"}, "cannot be read"),
        ({"facts": "scanner.pem"}, "not JSON without repeated names"),
        ({"key": "no.pem"}, "'no.pem' does not exist"),
    ],
)
def test_attest_refuses_what_no_decision_would_count(
    place: Path, changes: dict[str, str], message: str
) -> None:
    """A mistake is told in one line with help, exit code 1, without a token or a traceback."""
    done = _attest(place, **changes)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
