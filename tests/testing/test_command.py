"""Facts about `ringfence test`, as its callers meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.testing.repositories import REPOSITORY, TEST, copy_to, write_test

CODE = "from ringfence.cli.main import main; main()"
FAILING = "cases: [{name: 'a <b> & c', set: {run.timeout: 9h}, expect: {action: allow}}]\n"


def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `ringfence test` in a process of its own."""
    command = [sys.executable, "-c", CODE, "test", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment
    )


def test_passing_tests_exit_0_with_a_line_a_document() -> None:
    """Standard output has one line a document and a summary, and nothing else."""
    done = call(REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "ok    acme-levels  runner.deploy, runtime/prod: 2 ok\n"
        "ok    acme-runners  runner.deploy, all rules enforced: 29 ok\n"
        "31 tests in 2 documents, 0 failed\n"
    )


def test_a_failing_test_exits_2_and_says_where_and_why(tmp_path: Path) -> None:
    """The failure has the case's place, expected and actual, the reason's message, source and fix."""
    root = copy_to(tmp_path)
    write_test(root, FAILING)
    done = call(root)
    assert done.returncode == 2
    assert f"{TEST}:8:18: a <b> & c" in done.stdout
    assert "action: expected allow, got block" in done.stdout
    assert "block by runner.timeout: timeout 32400 s" in done.stdout
    assert "says tenants/acme/runners.yaml:" in done.stdout
    assert "2 tests in 1 documents, 1 failed" in done.stdout


def test_json_has_every_decision(tmp_path: Path) -> None:
    """The JSON form counts, and holds each test's place, verdict and decision."""
    root = copy_to(tmp_path)
    write_test(root, FAILING)
    done = call(root, "--format", "json", "--coverage")
    found = json.loads(done.stdout)
    assert (done.returncode, found["tests"], found["failed"]) == (2, 2, 1)
    base, failed = found["suites"][0]["tests"]
    assert (base["passed"], base["decision"]["action"]) == (True, "allow")
    assert (failed["file"], failed["line"], failed["column"]) == (TEST, 8, 18)
    assert failed["mismatches"] == [{"member": "action", "expected": "allow", "actual": "block"}]
    assert 0 < found["coverage"]["percent"] < 100


def test_junit_is_read_by_build_servers(tmp_path: Path) -> None:
    """The JUnit form is XML, counts, and escapes what a case's name holds."""
    root = copy_to(tmp_path)
    write_test(root, FAILING)
    done = call(root, "--format", "junit")
    assert done.returncode == 2
    suites = ElementTree.fromstring(done.stdout)
    assert (suites.tag, suites.get("tests"), suites.get("failures")) == ("testsuites", "2", "1")
    base, failed = suites.findall("testsuite/testcase")
    assert base.find("failure") is None
    assert failed.get("name") == "a <b> & c"
    assert (failed.get("file"), failed.get("line")) == (TEST, "8")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "action: expected allow, got block"
    assert "runner.timeout" in (failure.text or "")


def test_an_invalid_test_exits_3_on_standard_error(tmp_path: Path) -> None:
    """A mistake in a test is shown with its line, before anything is run."""
    root = copy_to(tmp_path)
    write_test(root, "cases: [{name: a, set: {runner.sise: large}, expect: {action: allow}}]\n")
    done = call(root)
    assert (done.returncode, done.stdout) == (3, "")
    assert "RF602" in done.stderr
    assert "did you mean `runner.size`?" in done.stderr
    assert "^^^" in done.stderr


def test_an_invalid_policy_exits_3(tmp_path: Path) -> None:
    """Nothing is tested of a repository that does not compile."""
    root = copy_to(tmp_path)
    (root / "platform/runners.yaml").write_text("apiVersion: ringfence/v1\n")
    assert call(root).returncode == 3


def test_no_test_is_a_finding_unless_allowed(tmp_path: Path) -> None:
    """A run that tests nothing exits 2 and says so; `--allow-none` makes it 0."""
    root = copy_to(tmp_path)
    done = call(root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no test found" in done.stderr
    assert call(root, "--allow-none").returncode == 0
    unmatched = call(REPOSITORY, "--run", "no such test")
    assert unmatched.returncode == 2
    assert "no test found that matches `no such test`" in unmatched.stderr


def test_a_path_inside_the_repository_chooses_its_tests() -> None:
    """Only the tests at or below the path are run."""
    done = call(REPOSITORY / "tenants/acme/levels_test.yaml")
    assert done.returncode == 0
    assert "2 tests in 1 documents, 0 failed" in done.stdout
    assert call(REPOSITORY / "platform").returncode == 2


@pytest.mark.parametrize(("threshold", "code"), [("10", 0), ("99.9", 2)])
def test_a_threshold_that_is_not_reached_exits_2(threshold: str, code: int) -> None:
    """Coverage below the threshold is a finding."""
    done = call(REPOSITORY, "--threshold", threshold)
    assert done.returncode == code
    assert ("below 99.9 %" in done.stderr) == (code == 2)


def test_a_wrong_pattern_is_a_usage_error() -> None:
    """A pattern that is no regular expression exits 1 with help."""
    done = call(REPOSITORY, "--run", "(")
    assert done.returncode == 1
    assert "is not a regular expression" in done.stderr
    assert "Traceback" not in done.stderr
