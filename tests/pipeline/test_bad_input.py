"""Every mistake in a policy repository is told at its place, with what to do, and nothing is built."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.errors import CompileError
from ringfence.pipeline import check_repository, compile_repository

NOW = 1_795_219_200  # 2026-11-21T00:00:00Z
SCAFFOLD = Path(__file__).resolve().parents[2] / "compiler" / "ringfence" / "scaffold"
RUNNERS = "tenants/example/runners.yaml"
COST = "platform/cost.yaml"
RELEASE = "releases/runtime.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Copy the scaffold, which is valid."""
    for source in SCAFFOLD.rglob("*.yaml"):
        target = tmp_path / source.relative_to(SCAFFOLD)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return tmp_path


def _replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / file).read_text()
        assert old in text
        (root / file).write_text(text.replace(old, new, 1))

    return change


def _write(file: str, content: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(content)

    return change


def _second_runner_policy(root: Path) -> None:
    (root / "tenants/example/more.yaml").write_bytes((root / RUNNERS).read_bytes())


def _other_tenant(root: Path) -> None:
    (root / "tenants/other").mkdir()
    (root / "tenants/other/runners.yaml").write_bytes((root / RUNNERS).read_bytes())


def _reserved_tenant(root: Path) -> None:
    text = (root / RUNNERS).read_text().replace("tenant/example", "tenant/platform")
    (root / "tenants/platform").mkdir()
    (root / "tenants/platform/runners.yaml").write_text(text)


MISTAKES = [
    ("reserved tenant", _reserved_tenant, "RF114", "tenants/platform/runners.yaml", "another name"),
    ("unknown key", _replace(RUNNERS, "timeouts:", "timeuots:"), "RF101", RUNNERS, "`timeouts`"),
    ("wrong type", _replace(RUNNERS, "concurrency: 10", "concurrency: ten"), "RF103", RUNNERS, ""),
    ("quoted boolean", _replace(COST, "waivable: true", 'waivable: "false"'), "RF103", COST, ""),
    ("missing key", _replace(COST, '      fix: "Split the run, or ask for a review."\n', ""), "RF102", COST, "`fix"),
    ("duplicate key", _replace(RUNNERS, "  timeouts: {container: 1h}", "  timeouts: {container: 1h}\n  timeouts: {container: 2h}"), "RF010", RUNNERS, ""),
    ("not a number", _replace(RUNNERS, "concurrency: 10", "concurrency: .nan"), "RF", RUNNERS, ""),
    ("infinity", _replace(RUNNERS, "concurrency: 10", "concurrency: .inf"), "RF", RUNNERS, ""),
    ("empty file", _write(RUNNERS, b""), "RF007", RUNNERS, ""),
    ("two documents", _write(RUNNERS, b"a: 1\n---\nb: 2\n"), "RF009", RUNNERS, ""),
    ("alias bomb", _write(RUNNERS, b"a: &a [1]\nb: [*a, *a]\n"), "RF012", RUNNERS, ""),
    ("deep nesting", _write(RUNNERS, b"a: " + b"[" * 200 + b"]" * 200), "RF", RUNNERS, ""),
    ("invalid UTF-8", _write(RUNNERS, b"a: \xff\n"), "RF003", RUNNERS, "UTF-8"),
    ("scope of another tenant", _replace(RUNNERS, "scope: tenant/example", "scope: tenant/globex"), "RF106", RUNNERS, "tenant/example"),
    ("another tenant's file", _other_tenant, "RF106", "tenants/other/runners.yaml", "move the file"),
    ("kind where it may not stand", _write("exceptions/example/x.yaml", b"apiVersion: ringfence/v1\nkind: Tenant\nmetadata: {name: x, scope: tenant/example, owner: example-team}\nspec: {}\n"), "RF107", "exceptions/example/x.yaml", ""),
    ("unknown kind", _replace(RUNNERS, "kind: RunnerPolicy", "kind: RunerPolicy"), "RF105", RUNNERS, "`RunnerPolicy`"),
    ("unknown version", _replace(RUNNERS, "ringfence/v1", "ringfence/v2"), "RF104", RUNNERS, "ringfence/v1"),
    ("unknown owner", _replace(RUNNERS, "owner: example-team", "owner: nobody"), "RF109", RUNNERS, "example-team"),
    ("unknown fact", _replace(COST, "facts.run.estimate <=", "facts.run.estimates <="), "RF206", COST, "`facts.run.estimate`"),
    ("type error in CEL", _replace(COST, "<= params.max_estimate", '<= "6h"'), "RF209", COST, ""),
    ("CEL cut by YAML", _replace(COST, "require: |\n        facts.run.estimate <= params.max_estimate", "require: facts.pipeline.id == a #b"), "RF0", COST, "a block"),
    ("expensive pattern", _replace(COST, "facts.run.estimate <= params.max_estimate", 'facts.pipeline.id.matches("(a{1,1000}){1,1000}")'), "RF21", COST, ""),
    ("loosened without a word", _replace(RUNNERS, "timeouts: {container: 1h}", "timeouts: {container: 3h}"), "RF302", RUNNERS, "loosens"),
    ("loosened too far", _replace(RUNNERS, "timeouts: {container: 1h}", "timeouts: {container: 9h}\n  loosens: [{field: timeouts.container, rationale: Month end.}]"), "RF303", RUNNERS, "4h"),
    ("loosening what may not be", _replace(RUNNERS, "concurrency: 10", "concurrency: 99"), "RF303", RUNNERS, "tighten"),
    ("loosening nothing", _replace(RUNNERS, "  timeouts: {container: 1h}", "  timeouts: {container: 1h}\n  loosens: [{field: timeouts.container, rationale: None.}]"), "RF304", RUNNERS, ""),
    ("row without a rationale", _replace(RUNNERS, "      rationale: Daily loads of internal data.\n", ""), "RF102", RUNNERS, "rationale"),
    ("no quota in any scope", _replace(RUNNERS, "    monthly_hours: {container: 100h}\n", ""), "RF305", RUNNERS, "quotas.monthly_hours.container"),
    ("two policies of a kind", _second_runner_policy, "RF112", RUNNERS, ""),
    ("built-in rule id", _replace(COST, "id: cost.long-run", "id: runner.timeout"), "RF301", COST, "another id"),
    ("level of an unknown rule", _replace(RELEASE, "cost.long-run:", "cost.longrun:"), "RF402", RELEASE, "`cost.long-run`"),
    ("invariant on the ladder", _replace(RELEASE, "cost.long-run:", "runner.secrets.platform-service:"), "RF405", RELEASE, ""),
    ("unknown environment", _replace(RELEASE, "prod: warn", "production: warn"), "RF401", RELEASE, "prod"),
    ("include of an unknown folder", _replace(RELEASE, "exceptions/**]", "exceptions/**, platfrom/**]"), "RF411", RELEASE, "did you mean `platform/**`?"),
    ("document outside include", _replace(RELEASE, "platform/**, ", ""), "RF412", RELEASE, "add `platform/**`"),
    ("after a later environment", _replace(RELEASE, "staging: {}", "staging: {after: {prod: 1d}}"), "RF413", RELEASE, "order of promotion"),
    ("after itself", _replace(RELEASE, "after: {staging: 1d}", "after: {prod: 1d}"), "RF413", RELEASE, "order of promotion"),
    ("after two environments", _replace(RELEASE, "    prod: {after: {staging: 1d}}", "    qa: {}\n    prod: {after: {staging: 1d, qa: 1d}}"), "RF413", RELEASE, "name the last of them"),
    ("more reviewers than there are", _replace(RELEASE, "after: {staging: 1d}", 'after: {staging: 1d}, gate: {approvals: {from: "group:reviewers", count: 2}}'), "RF414", RELEASE, "groups"),
    ("unknown decision point", _replace(COST, "at: runner.start", "at: runner.strat"), "RF307", COST, "`runner.start`"),
    ("fact below a fact", _write("platform/facts.yaml", b"apiVersion: ringfence/v1\nkind: Facts\nmetadata: {name: x, scope: platform, owner: platform-team}\nspec:\n  at: [runner.start]\n  namespace: team\n  facts:\n    a: {type: string, description: A.}\n    a.b: {type: string, description: B.}\n"), "RF309", "platform/facts.yaml", "rename"),
    ("another ringfence is due", _replace("ringfence.yaml", ">=0.1,<1", ">=7"), "RF111", "ringfence.yaml", "install"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "file", "hint"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_is_told_at_its_place_with_what_to_do(
    repository: Path, change: Callable[[Path], None], code: str, file: str, hint: str
) -> None:
    """A mistake gives its code at its file, line and column, with help, and the compile refuses."""
    change(repository)
    try:
        found = check_repository(repository, now=NOW).diagnostics
    except CompileError as error:
        found = error.diagnostics
    fitting = [d for d in found if d.code.startswith(code)]
    assert fitting, [f"{d.span} {d.code} {d.message}" for d in found]
    one = next((d for d in fitting if d.span.file == file), fitting[0])
    assert hint in f"{one.message} {one.help}"
    assert one.span.line >= 1
    assert one.span.column >= 1
    with pytest.raises(CompileError):
        compile_repository(repository, now=NOW)


def test_the_scaffold_has_no_mistake(repository: Path) -> None:
    """What `init` writes compiles, so that each case above fails for its own mistake alone."""
    assert check_repository(repository, now=NOW).diagnostics == ()


def test_a_huge_file_is_refused_from_its_size(repository: Path) -> None:
    """A file of 100 MB is refused without being read."""
    with (repository / RUNNERS).open("wb") as file:
        file.truncate(100 << 20)
    found = check_repository(repository, now=NOW).diagnostics
    assert [d.code for d in found if d.span.file == RUNNERS] == ["RF002"]


def test_all_mistakes_of_all_files_come_in_one_run(repository: Path) -> None:
    """Two mistakes in two files are both told, sorted by file and line."""
    _replace(RUNNERS, "timeouts:", "timeuots:")(repository)
    _replace(COST, "waivable: true", "waivable: maybe")(repository)
    found = check_repository(repository, now=NOW).diagnostics
    assert [d.span.file for d in found] == sorted(d.span.file for d in found)
    assert {COST, RUNNERS} <= {d.span.file for d in found}


def test_a_typo_in_a_rule_is_one_diagnostic(repository: Path) -> None:
    """What the release and the policy tests say of that rule is not told as if it did not exist."""
    _replace(COST, "otherwise: human_review", "otherwise: human-review")(repository)
    (found,) = check_repository(repository, now=NOW).diagnostics
    assert (found.code, found.span.file) == ("RF103", COST)


def test_a_rule_that_is_really_missing_is_told_beside_another_mistake(repository: Path) -> None:
    """A mistake elsewhere hides no name that stands in no document."""
    _replace(RUNNERS, "timeouts:", "timeuots:")(repository)
    _replace(RELEASE, "cost.long-run:", "cost.long-rum:")(repository)
    codes = [found.code for found in check_repository(repository, now=NOW).diagnostics]
    assert sorted(codes) == ["RF101", "RF402"]
