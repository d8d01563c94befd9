"""Facts about `ringfence evidence export --profile enterprise`, and `verify` of what it writes."""

import json
import subprocess
from pathlib import Path

import pyrage
import pytest
from tests.enterprise.samples import NAME, POLICY
from tests.evidence.commands import evidence
from tests.export.samples import PACKAGE, log_key

from ringfence.keys import write_private, write_public

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())
KEYS = ("--key", "log.vkey", "--package-key", "package.pub.pem")
REGION = ("--region", "eu-central-1")


@pytest.fixture
def desk(ledger: Path, slice_: bytes, tmp_path: Path) -> Path:
    """Lay out keys, policies and the bundle that decided."""
    write_private(tmp_path / "package.key.pem", PACKAGE)
    write_public(tmp_path / "package.pub.pem", PACKAGE.public_key())
    (tmp_path / "log.vkey").write_text(log_key().vkey)
    (tmp_path / "slice.tar.gz").write_bytes(slice_)
    (tmp_path / "policy.yaml").write_text(POLICY)
    demanding = f"encryption:\n  required: true\n  recipients: [{RECIPIENT}]\nretention:"
    (tmp_path / "sealed.yaml").write_text(POLICY.replace("retention:", demanding))
    (tmp_path / "age.txt").write_text(str(IDENTITY))
    (tmp_path / "ledger").symlink_to(ledger)
    return tmp_path


def export(desk: Path, *arguments: str, policy: str = "policy.yaml", exporter: str = NAME) -> "subprocess.CompletedProcess[str]":  # fmt: skip
    """Run `ringfence evidence export` under a policy."""
    given = ("--tenant", "acme", "--key", "log.vkey", "--signing-key", "package.key.pem")
    under = ("--profile", "enterprise", "--policy", policy, "--exporter", exporter)
    return evidence(desk, "export", "ledger", *given, *under, *arguments)


@pytest.mark.requirement("R5.17", on="command")
def test_an_export_under_its_policy(desk: Path) -> None:
    """It is written, verifies under the same policy, and tells how controls stand."""
    done = export(desk, *REGION, "-o", "p.tar", "--bundle", "slice.tar.gz", "--view", "ocsf")
    assert (done.returncode, done.stderr) == (0, "")
    read = evidence(desk, "verify", "p.tar", *KEYS, "--policy", "policy.yaml", "--format", "json")
    assert (read.returncode, read.stderr) == (0, "")
    said = json.loads(read.stdout)
    assert (said["profile"], said["exporter"]) == ("enterprise", {"by": "policy", "name": NAME})
    assert said["extra"]["status"]["not_satisfied"] == ["cm-3", "au-2"]


def test_an_encrypted_export(desk: Path) -> None:
    """Where the policy demands it, the package is encrypted to its recipient, who verifies it."""
    done = export(desk, *REGION, "-o", "p.tar.age", "--recipient", RECIPIENT, policy="sealed.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    ours = ("--policy", "sealed.yaml", "--identity", "age.txt")
    read = evidence(desk, "verify", "p.tar.age", *KEYS, *ours)
    assert (read.returncode, read.stderr) == (0, "")
    assert "profile enterprise" in read.stdout
    view = ("view", "p.tar.age", "--format", "cef", *KEYS)
    assert evidence(desk, *view, "--identity", "age.txt").stdout.startswith("CEF:0|")
    assert evidence(desk, *view).returncode == 4
    refused = evidence(desk, "verify", "p.tar.age", *KEYS)
    assert (refused.returncode, refused.stderr.split()[1]) == (4, "RF978")


@pytest.mark.requirement("R5.17", "R5.49", on="command")
@pytest.mark.parametrize(
    ("arguments", "policy", "code"),
    [
        ((*REGION, "-o", "p.tar", "--view", "cef"), "policy.yaml", "RF973"),
        (("--region", "us-east-1", "-o", "p.tar"), "policy.yaml", "RF974"),
        (("-o", "p.tar"), "policy.yaml", "RF974"),
        ((*REGION, "-o", "p.tar"), "sealed.yaml", "RF975"),
        ((*REGION, "-o", "p", "--tenant", "globex"), "policy.yaml", "RF960"),
    ],
)
def test_what_the_policy_forbids_is_not_written(
    desk: Path, arguments: tuple[str, ...], policy: str, code: str
) -> None:
    """Format, region, encryption and tenant: exit code 1, and no file."""
    before = sorted(path.name for path in desk.iterdir())
    done = export(desk, *arguments, policy=policy)
    assert (done.returncode, done.stdout, done.stderr.split()[1]) == (1, "", code)
    assert sorted(path.name for path in desk.iterdir()) == before


def test_an_exporter_is_known_by_the_package_key(desk: Path) -> None:
    """Whoever signs with a key that the policy does not name, or under another name, exports nothing."""
    done = export(desk, *REGION, "-o", "p.tar", exporter="someone@else.example")
    assert (done.returncode, done.stderr.split()[1]) == (1, "RF960")
    from ringfence.keys import generate

    (desk / "package.key.pem").unlink()
    write_private(desk / "package.key.pem", generate("ed25519"))
    done = export(desk, *REGION, "-o", "p.tar")
    assert (done.returncode, done.stderr.split()[1]) == (1, "RF960")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--profile", "enterprise", "-o", "p"),
        ("--policy", "policy.yaml", "-o", "p"),
        ("--region", "eu-central-1", "-o", "p"),
        ("-o", "p.tar.age"),
        ("-o", "p.tar", "--recipient", RECIPIENT),
        ("-o", "p.tar.age", "--recipient", "age1x"),
    ],
)
def test_options_that_do_not_fit_are_a_mistake(desk: Path, arguments: tuple[str, ...]) -> None:
    """Profile and policy are one, and so are recipient and ending."""
    given = ("--tenant", "acme", "--key", "log.vkey", "--signing-key", "package.key.pem")
    done = evidence(desk, "export", "ledger", *given, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert not (desk / arguments[-1]).exists()


def test_a_malformed_policy_is_told_by_line(desk: Path) -> None:
    """Exit code 3, as for any invalid policy, with file and line."""
    (desk / "policy.yaml").write_text(POLICY.replace("days: 2555", "days: never"))
    done = export(desk, *REGION, "-o", "p.tar")
    assert (done.returncode, done.stdout) == (3, "")
    assert "policy.yaml:10:9" in done.stderr
