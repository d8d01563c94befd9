"""Facts about running tests on the real OPA."""

import re
from pathlib import Path

import pytest
from tests.testing.repositories import REPOSITORY, compiled, copy_to, write_test

from ringfence.testing.run import Run, run_suites
from ringfence.testing.select import select_suites

SAMPLE = (
    Path(__file__).parents[3] / "shared" / "language" / "tenants" / "acme" / "runners_test.yaml"
)
QUOTA = "runner.quota.monthly-hours"


def run(root: Path, pattern: str = "") -> Run:
    """Run a repository's tests."""
    found = compiled(root)
    return run_suites(found, select_suites(found, inside=".", pattern=re.compile(pattern)))


def failures(root: Path, cases: str) -> dict[str, list[tuple[str, str, str]]]:
    """Run these cases, and return what failed: member, expected, actual."""
    write_test(root, cases)
    (suite,) = run(root).suites
    return {
        failure.trial.name: [(m.member, m.expected, m.actual) for m in failure.mismatches]
        for failure in suite.failures
    }


def test_the_format_that_the_language_asks_for_passes() -> None:
    """Base, ten cases and twenty cells of acme's test are as the policies decide, on the real OPA."""
    found = run(REPOSITORY)
    assert [(one.suite.name, len(one.results), one.failures) for one in found.suites] == [
        ("acme-levels", 2, ()),
        ("acme-runners", 29, ()),
    ]
    assert (found.total, found.failed) == (31, 0)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the samples are not beside this checkout")
def test_the_committed_test_is_the_sample() -> None:
    """The test that passes is the sample of the language, unchanged."""
    assert (REPOSITORY / "tenants/acme/runners_test.yaml").read_bytes() == SAMPLE.read_bytes()


WRONG = [
    ("{action: block}", "action", "block", "allow"),
    ("{action: allow, reasons: [runner.matrix]}", "reasons", "runner.matrix", "none"),
    ("{action: allow, observed: [runner.matrix]}", "observed", "runner.matrix", "none"),
    ("{action: allow, waived: [EXC-2041]}", "waived", "EXC-2041", "none"),
    ("{action: allow, waivers_missed: [EXC-2041]}", "waivers_missed", "EXC-2041", "none"),
    ("{action: allow, unknown: [scan.status]}", "unknown", "scan.status", "none"),
    ("{action: allow, obligations: [{set: x}]}", "obligations", "{set: x}", "none"),
]


@pytest.mark.parametrize(("expect", "member", "expected", "actual"), WRONG)
def test_each_member_that_differs_fails(
    tmp_path: Path, expect: str, member: str, expected: str, actual: str
) -> None:
    """A wrong expectation of any member fails the case, and says what was decided instead."""
    found = failures(copy_to(tmp_path), f"cases: [{{name: wrong, expect: {expect}}}]\n")
    assert found == {"wrong": [(member, expected, actual)]}


@pytest.mark.parametrize(
    ("expect", "expected", "actual"),
    [
        ("reasons: []", "none", f"{QUOTA}, runner.timeout"),
        (f"reasons: [{QUOTA}]", QUOTA, f"{QUOTA}, runner.timeout"),
        (
            f"reasons: [{QUOTA}, runner.timeout, runner.matrix]",
            f"runner.matrix, {QUOTA}, runner.timeout",
            f"{QUOTA}, runner.timeout",
        ),
    ],
)
def test_reasons_are_an_exact_set(tmp_path: Path, expect: str, expected: str, actual: str) -> None:
    """Neither a subset nor a superset of the reasons passes; without `reasons` any will do."""
    change = "set: {usage.class_hours_month: 98h, run.timeout: 9h, run.estimate: 5h}"
    cases = f"cases:\n  - {{name: one, {change}, expect: {{action: block, {expect}}}}}\n"
    root = copy_to(tmp_path)
    assert failures(root, cases) == {"one": [("reasons", expected, actual)]}
    open_case = f"cases:\n  - {{name: one, {change}, expect: {{action: block}}}}\n"
    assert failures(root, open_case) == {}


def test_a_waiver_that_is_missed_for_another_reason_fails(tmp_path: Path) -> None:
    """`why` is compared where it is given."""
    change = "set: {usage.class_hours_month: 98h, run.estimate: 5h}"
    missed = "[{id: EXC-2041, why: expired}]"
    cases = f"cases:\n  - {{name: one, {change}, expect: {{action: block, waivers_missed: {missed}}}}}\n"
    assert failures(copy_to(tmp_path), cases) == {
        "one": [("waivers_missed", "EXC-2041 (expired)", "EXC-2041 (other_facts)")]
    }


def test_a_base_that_is_not_allowed_is_a_failure_of_its_own(tmp_path: Path) -> None:
    """A base that is blocked fails, although each case that changes it passes."""
    root = copy_to(tmp_path)
    base = root / "tenants/acme/fixtures/container-medium.yaml"
    base.write_text(base.read_text().replace("timeout: 10m", "timeout: 9h"))
    cases = "cases: [{name: fixed, set: {run.timeout: 1h}, expect: {action: allow}}]\n"
    assert failures(root, cases) == {"base is allowed": [("action", "allow or allow+log", "block")]}


def test_a_wrong_table_fails_in_its_cells(tmp_path: Path) -> None:
    """A cell that is listed and blocked fails, and so does one that is allowed and not listed."""
    table = "rows: runner.class, columns: runner.size, allow: {container: [small, medium, xlarge], serverless: [small, medium]}, else: block"
    assert failures(copy_to(tmp_path), f"tables: [{{{table}}}]\n") == {
        "runner.class container, runner.size large": [("action", "block", "allow")],
        "runner.class container, runner.size xlarge": [("action", "allow or allow+log", "block")],
    }


def test_a_request_without_an_always_present_fact_shows_the_gates_reason(tmp_path: Path) -> None:
    """A decision without evaluation is compared too: its reason is the gate's."""
    cases = """\
    cases:
      - name: gate
        unset: [data.classification]
        expect: {action: block, reasons: [facts.required], unknown: [data.classification]}
    """
    assert failures(copy_to(tmp_path), cases) == {}


def test_an_approval_of_ones_own_request_lifts_nothing(tmp_path: Path) -> None:
    """A test may show that the requester cannot approve, and that another can."""
    dedicated = "{runner.class: dedicated_compute, runner.size: large, runner.network: privatelink}"
    cases = f"""\
    cases:
      - name: own
        set: {dedicated}
        approve: [{{rule: runner.approval.dedicated, by: user:maria@acme.example}}]
        expect: {{action: human_review, reasons: [runner.approval.dedicated]}}
      - name: of another
        set: {dedicated}
        approve: [{{rule: runner.approval.dedicated, by: user:someone@acme.example}}]
        expect: {{action: allow, obligations: [{{attach: approval}}]}}
    """
    assert failures(copy_to(tmp_path), cases) == {}


def test_a_release_brings_its_own_levels_and_freshness(tmp_path: Path) -> None:
    """Levels differ by environment, a demanded freshness holds, and test keys count in each of them."""
    root = copy_to(tmp_path)
    cases = """\
    cases:
      - name: retries
        set: {retries.max_attempts: 6}
        expect: {action: %s}
      - name: approved
        set: {runner.class: dedicated_compute, runner.size: large, runner.network: privatelink}
        approve: [{rule: runner.approval.dedicated, by: user:lee@platform.example}]
        expect: {action: allow}
    """
    for release, action in (("", "block"), ("staging", "allow+log"), ("prod", "allow")):
        line = f"release: runtime/{release}\n" if release else "levels: enforce\n"
        body = "\n".join(text[4:] for text in (cases % action).split("\n"))
        assert failures(root, line + body) == {}


def test_only_matching_tests_are_run_and_the_base_with_them() -> None:
    """A pattern chooses tests by `DOCUMENT: CASE`; a document with none is left out."""
    found = run(REPOSITORY, "runners: .*quota")
    (suite,) = found.suites
    assert [one.trial.name for one in suite.results] == [
        "base is allowed",
        "a quota may be reached",
        "EXC-2041 lifts the quota for its pipeline",
    ]
    assert run(REPOSITORY, "no such test").suites == ()
