"""Facts about planning tests: every mistake in a test is told at its place."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.testing.repositories import NOW, TEST, compiled, copy_to, policy_test, write_test

from ringfence.errors import CompileError, Diagnostic
from ringfence.pipeline import check_repository
from ringfence.testing.plan import plan_suite
from ringfence.testing.select import select_suites
from ringfence.testing.trial import Suite

CASES = Path(__file__).parents[1] / "cases" / "testing"
# `# E:COLUMN CODE: text of the message | text of the help`, on the line of the mistake.
EXPECTATION = re.compile(r"E:(\d+) (RF\d{3}): (.*?)(?= *# E:|$)")
FIXTURE = "tenants/acme/fixtures/container-medium.yaml"


def mistakes(root: Path) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a repository, or with its tests."""
    try:
        select_suites(compiled(root), inside=".", pattern=re.compile(""))
    except CompileError as error:
        return error.diagnostics
    return ()


def planned(root: Path) -> Suite:
    """Return the suite of the test that `write_test` wrote."""
    found = compiled(root)
    suite, problems = plan_suite(found, policy_test(found))
    assert problems == ()
    assert suite is not None
    return suite


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_mistake_of_a_test_is_told_at_its_place(tmp_path: Path, case: Path) -> None:
    """Every mistake of a case file is told at line and column with its help, and nothing else is."""
    root = copy_to(tmp_path)
    (root / TEST).write_bytes(case.read_bytes())
    expected = [
        (number, int(match[1]), match[2], match[3])
        for number, line in enumerate(case.read_text().split("\n"), start=1)
        for match in EXPECTATION.finditer(line)
    ]
    found = mistakes(root)
    places = [(d.span.line, d.span.column, d.code) for d in found]
    assert places == [(line, column, code) for line, column, code, _ in expected]
    for diagnostic, (*_, text) in zip(found, expected, strict=True):
        message, _, hint = text.partition(" | ")
        assert message in diagnostic.message
        assert hint in diagnostic.help
        assert diagnostic.span.file == TEST


@pytest.mark.parametrize(
    ("change", "code", "line", "text"),
    [
        (lambda text: text.replace("class: container,", "class: containr,", 1), "RF603", 3, "must be one of"),
        (lambda text: text.replace("drivers: []\n", ""), "RF604", 2, "lacks `drivers`"),
        (lambda text: text + "scann: {status: passed}\n", "RF602", 19, "no fact `scann`"),
        (lambda _: "- a list\n", "RF", 1, ""),
        (lambda _: "", "RF", 1, ""),
    ],
)  # fmt: skip
def test_a_mistake_of_the_base_is_told_in_its_file(
    tmp_path: Path, change: Callable[[str], str], code: str, line: int, text: str
) -> None:
    """What is wrong with the base stands in the base, at its line."""
    root = copy_to(tmp_path)
    write_test(root, "")
    (root / FIXTURE).write_text(change((root / FIXTURE).read_text()))
    (found,) = mistakes(root)
    assert found.code.startswith(code)
    assert (found.span.file, found.span.line) == (FIXTURE, line)
    assert text in found.message


def test_a_base_that_is_not_there_is_told_at_the_test(tmp_path: Path) -> None:
    """A missing base is told where the test names it."""
    root = copy_to(tmp_path)
    write_test(root, "")
    (root / FIXTURE).unlink()
    (found,) = mistakes(root)
    assert (found.code, found.span.file, found.span.line) == ("RF601", TEST, 7)


def test_an_unknown_decision_point_is_told_with_its_near_miss(tmp_path: Path) -> None:
    """`at` names a decision point of this repository."""
    root = copy_to(tmp_path)
    write_test(root, "", at="runner.deplo")
    (found,) = mistakes(root)
    assert (found.code, found.help) == ("RF307", "did you mean `runner.deploy`?")


def test_a_case_is_the_base_with_its_changes(tmp_path: Path) -> None:
    """`set` and `unset` change the base, values are seconds, and the clock is the case's or the test's."""
    root = copy_to(tmp_path)
    write_test(
        root,
        """\
        cases:
          - name: one
            now: "2026-12-05T00:00:00Z"
            set: {runner.size: large, run: {estimate: 1h30m}}
            unset: [scan.status]
            expect: {action: block}
        """,
    )
    base, case = planned(root).trials
    assert (base.now, case.now) == (1795165200, 1796428800)
    differing = {name for name in base.facts if base.facts[name] != case.facts.get(name)}
    assert differing == {"runner.size", "run.estimate", "scan.status", "tags.size"}
    assert case.facts["run.estimate"] == 5400
    assert "scan.status" not in case.facts
    assert (case.span.file, case.span.line) == (TEST, 9)


def test_tags_follow_the_manifest_unless_a_case_says_otherwise(tmp_path: Path) -> None:
    """A mirror follows its fact, stays as a case sets it, and is off where the test says so."""
    root = copy_to(tmp_path)
    cases = """\
        cases:
          - {name: follows, set: {runner.class: serverless}, expect: {action: block}}
          - {name: stays, set: {runner.class: serverless, tags.class: other}, expect: {action: block}}
        """
    write_test(root, cases)
    _, follows, stays = planned(root).trials
    assert (follows.facts["tags.class"], stays.facts["tags.class"]) == ("serverless", "other")
    write_test(root, "mirror: {}\n" + "\n".join(line[8:] for line in cases.split("\n")))
    assert planned(root).trials[1].facts["tags.class"] == "container"


def test_a_mirror_that_the_base_denies_does_not_follow(tmp_path: Path) -> None:
    """Where the base's two values differ already, a change of one leaves the other alone."""
    root = copy_to(tmp_path)
    text = (root / FIXTURE).read_text()
    (root / FIXTURE).write_text(text.replace("tags: {class: container", "tags: {class: else"))
    write_test(
        root, "cases: [{name: one, set: {runner.class: serverless}, expect: {action: block}}]\n"
    )
    assert planned(root).trials[1].facts["tags.class"] == "else"


def test_a_table_has_a_trial_for_every_pair(tmp_path: Path) -> None:
    """Listed pairs must be allowed, every other one gives `else`."""
    root = copy_to(tmp_path)
    write_test(
        root,
        """\
        tables:
          - rows: runner.class
            columns: runner.size
            allow: {container: [small, large]}
            else: block
        """,
    )
    _, *cells = planned(root).trials
    assert len(cells) == 4 * 5
    listed = [cell.name for cell in cells if cell.expect is None]
    assert listed == [
        "runner.class container, runner.size small",
        "runner.class container, runner.size large",
    ]
    assert {cell.expect.action for cell in cells if cell.expect} == {"block"}


def test_decimals_stay_exact(tmp_path: Path) -> None:
    """A decimal fact keeps its digits from the YAML to the plan."""
    root = copy_to(tmp_path)
    (root / "platform/facts.yaml").write_text(
        "apiVersion: ringfence/v1\nkind: Facts\n"
        "metadata: {name: cost, scope: platform, owner: platform-governance}\n"
        "spec:\n  at: [runner.deploy]\n  namespace: cost\n"
        "  facts:\n    share: {type: decimal, description: Share of the budget.}\n"
    )
    write_test(
        root, 'cases: [{name: one, set: {cost.share: "0.100000"}, expect: {action: allow}}]\n'
    )
    assert str(planned(root).trials[1].facts["cost.share"]) == str(Decimal("0.100000"))


def test_check_can_look_at_tests_without_running_them(tmp_path: Path) -> None:
    """Checking yields the mistakes of all tests, and nothing where there are none."""
    root = copy_to(tmp_path)
    write_test(root, "")
    assert check_repository(root, now=NOW).diagnostics == ()
    write_test(root, "cases: [{name: a, unset: [nothing], expect: {action: allow}}]\n")
    assert [one.code for one in check_repository(root, now=NOW).diagnostics] == ["RF602"]
