"""Facts about coverage of rules and clauses."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.testing.repositories import compiled, copy_to, write_test

from ringfence.ir import build
from ringfence.ir.expression import (
    Compare,
    CompareOp,
    Derived,
    Expr,
    IfElse,
    Literal,
    Matches,
    Now,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    StringTestOp,
    TenantName,
)
from ringfence.testing.applies import Request, value_of
from ringfence.testing.coverage import Coverage, measure_coverage
from ringfence.testing.run import run_suites
from ringfence.testing.select import select_suites


def measured(root: Path, cases: str) -> Coverage:
    """Run these cases, and measure what they cover."""
    write_test(root, cases)
    found = compiled(root)
    return measure_coverage(
        found, run_suites(found, select_suites(found, inside=".", pattern=re.compile("")))
    )


def missing(coverage: Coverage) -> dict[str, tuple[str, ...]]:
    """Map rules to what no trial has shown of them."""
    return {one.rule.id: one.missing for one in coverage.rules}


def test_an_allowed_request_shows_that_rules_hold_where_they_apply(tmp_path: Path) -> None:
    """The base alone shows every rule hold but those that do not apply to it, and none fail."""
    found = missing(measured(copy_to(tmp_path), ""))
    never_held = {rule for rule, gaps in found.items() if "never held" in gaps}
    assert never_held == {"runner.dlq.required", "runner.network.dns", "runner.network.on-premise"}
    assert all("never failed" in gaps for gaps in found.values())


def test_a_violated_rule_is_covered_by_its_clause(tmp_path: Path) -> None:
    """Each clause counts by itself; a reason, a waiver, an approval and a default size all count."""
    cases = """\
    cases:
      - {name: log, set: {logging.access_enabled: false}, expect: {action: block}}
      - {name: new, set: {workload.is_new: true}, unset: [runner.size], expect: {action: allow}}
      - name: waived
        set: {pipeline.id: orders-backfill, usage.class_hours_month: 98h, run.estimate: 5h}
        expect: {action: allow+log}
      - name: approved
        set: {runner.class: dedicated_compute, runner.size: large, runner.network: privatelink}
        approve: [{rule: runner.approval.dedicated, by: user:lee@platform.example}]
        expect: {action: allow}
    """
    found = missing(measured(copy_to(tmp_path), cases))
    assert found["runner.logging.access"] == ("clause 2 never failed",)
    for rule in (
        "runner.size.default",
        "runner.quota.monthly-hours",
        "runner.approval.dedicated",
    ):
        assert found[rule] == ()


def test_a_request_that_was_not_evaluated_shows_nothing(tmp_path: Path) -> None:
    """A gate's block is no proof that a rule failed, or held."""
    root = copy_to(tmp_path)
    before = measured(root, "")
    case = "{name: gate, unset: [data.classification], expect: {action: block}}"
    assert missing(measured(root, f"cases: [{case}]\n")) == missing(before)


def test_the_share_counts_a_rule_once_held_and_once_a_clause(tmp_path: Path) -> None:
    """The percentage is of outcomes seen, of one a rule and one a clause of it."""
    coverage = measured(copy_to(tmp_path), "")
    due = sum(one.clauses + 1 for one in coverage.rules)
    held = sum(one.held for one in coverage.rules)
    assert coverage.percent == Fraction(100 * held, due)
    assert Coverage(()).percent == 100


REQUEST = Request(
    facts={
        "a": "docker.io/x", "n": 5, "d": Decimal("0.50"), "flag": True,
        "list": [{"k": 1}, {"k": 2, "opt": "x"}],
    },
    params={"limit": 5, "names": ["docker.io/", "x"], "table": {"docker.io/x": {"y": 7}}},
    derived={"double": build.add(build.fact("n"), build.fact("n"))},
    tenant="acme",
    now=100,
)  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (build.all_of(), True),
        (build.any_of(), False),
        (build.no(build.fact("flag")), False),
        (build.most(build.fact("n"), build.param("limit")), True),
        (build.least(build.fact("n"), 6), False),
        (Compare(CompareOp.LT, build.fact("n"), Literal(5)), False),
        (Compare(CompareOp.GT, build.fact("n"), Literal(4)), True),
        (Compare(CompareOp.NE, build.fact("n"), Literal(5)), False),
        (Compare(CompareOp.EQ, build.fact("d"), Literal(Decimal("0.5"))), True),
        (build.equal(Derived("double"), 10), True),
        (build.equal(build.subtract(Now(), build.fact("n")), 95), True),
        (build.equal(TenantName(), "acme"), True),
        (build.is_in("x", build.param("names")), True),
        (build.any_prefix(build.fact("a"), "names"), True),
        (build.starts_with(build.fact("a"), Literal("x")), False),
        (StringTest(StringTestOp.ENDS_WITH, build.fact("a"), Literal("/x")), True),
        (StringTest(StringTestOp.CONTAINS, build.fact("a"), Literal("ker")), True),
        (Matches(build.fact("a"), r"^docker\."), True),
        (build.equal(Size(build.fact("list")), 2), True),
        (build.equal(build.lookup("table", build.fact("a"), Literal("y"), default=0), 7), True),
        (build.equal(build.lookup("table", Literal("z"), Literal("y"), default=0), 0), True),
        (IfElse(build.fact("flag"), Literal(False), Literal(True)), False),
        (build.every("list", build.least(build.item("k"), 2)), False),
        (
            Quantifier(
                QuantifierKind.EXISTS, build.fact("list"), "item", build.equal(build.item("k"), 2)
            ),
            True,
        ),
        (build.has("n"), True),
        (build.has("missing"), False),
    ],
)
def test_where_a_rule_applies_is_told_by_its_expression(expr: Expr, expected: object) -> None:
    """Every operator of a condition has the value that its definition says."""
    assert value_of(expr, REQUEST) is expected
