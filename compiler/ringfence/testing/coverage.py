"""Which rules, and which clauses of them, the trials of a run have seen hold and fail."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ringfence.check.compiled import Compiled
from ringfence.ir.expression import And
from ringfence.ir.rule import Action, Rule, TenantProgram
from ringfence.testing.applies import Request, value_of
from ringfence.testing.run import Run, SuiteResult, TrialResult

__all__ = ["Coverage", "RuleCoverage", "measure_coverage"]


@dataclass(slots=True)
class RuleCoverage:
    """What was seen of one rule at one decision point: held where it applied, and which clauses failed.

    Clauses count the operands of the requirement's outermost `&&`, from 1.
    """

    point: str
    rule: Rule
    clauses: int
    held: bool = False
    failed: set[int] = field(default_factory=set)

    @property
    def missing(self) -> tuple[str, ...]:
        """List what no trial has shown."""
        found = [] if self.held else ["never held"]
        unseen = sorted(set(range(1, self.clauses + 1)) - self.failed)
        if len(unseen) == self.clauses:
            return (*found, "never failed")
        return (*found, *(f"clause {number} never failed" for number in unseen))

    @property
    def seen(self) -> int:
        """Count what was seen, of `clauses + 1`."""
        return int(self.held) + len(self.failed)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The rules of the tested points, for the tested tenants."""

    rules: tuple[RuleCoverage, ...]

    @property
    def percent(self) -> Fraction:
        """Return the share of outcomes seen, from 0 to 100; 100 where there is no rule."""
        due = sum(rule.clauses + 1 for rule in self.rules)
        return Fraction(100 * sum(rule.seen for rule in self.rules), due) if due else Fraction(100)

    @property
    def uncovered(self) -> tuple[RuleCoverage, ...]:
        """List the rules of which something was not seen."""
        return tuple(rule for rule in self.rules if rule.missing)


def measure_coverage(compiled: Compiled, run: Run) -> Coverage:
    """Measure coverage by the decisions of a run; one that was not evaluated shows nothing."""
    found: dict[tuple[str, str], RuleCoverage] = {}
    for suite in run.suites:
        here = {rule.id: rule for rule in _rules(compiled, suite)}
        point = suite.suite.point.name
        for rule in here.values():
            clauses = _clauses(rule)
            found.setdefault(
                (point, rule.id), RuleCoverage(point=point, rule=rule, clauses=clauses)
            )
        for result in suite.results:
            if result.decision["evaluated"]:
                request = _request(compiled, suite, result)
                _count(found, result.decision, request=request, point=point, rules=here)
    return Coverage(tuple(found[key] for key in sorted(found)))


def _rules(compiled: Compiled, suite: SuiteResult) -> Iterator[Rule]:
    point, tenant = suite.suite.point.name, suite.suite.tenant
    yield from compiled.platform.points[point].rules
    for program in compiled.tenants:
        if program.name == tenant:
            yield from (rule for rule in program.rules if rule.point == point)


def _request(compiled: Compiled, suite: SuiteResult, result: TrialResult) -> Request:
    point, tenant = suite.suite.point.name, suite.suite.tenant
    program = next((one for one in compiled.tenants if one.name == tenant), TenantProgram(name=""))
    return Request(
        facts=result.trial.facts,
        params=program.params.get(point, {}),
        tables=program.tables,
        derived=dict(compiled.platform.points[point].derived),
        tenant=tenant,
        now=result.trial.now,
    )


def _clauses(rule: Rule) -> int:
    return max(1, len(rule.require.operands)) if isinstance(rule.require, And) else 1


def _count(
    found: Mapping[tuple[str, str], RuleCoverage],
    decision: Mapping[str, Any],
    *,
    request: Request,
    point: str,
    rules: Mapping[str, Rule],
) -> None:
    hits = dict(_hits(decision, rules.values()))
    for name, rule in rules.items():
        seen = found[point, name]
        if name not in hits:
            seen.held = seen.held or bool(value_of(rule.where, request))
        elif hits[name]:
            seen.failed.add(hits[name])
        elif seen.clauses == 1:
            seen.failed.add(1)


def _hits(decision: Mapping[str, Any], rules: Iterable[Rule]) -> Iterator[tuple[str, int]]:
    """Yield violated rules with the clause that failed, 0 where the decision doesn't say."""
    for member in ("waived", "approvals"):
        yield from ((entry["rule"], 0) for entry in decision[member])
    for member in ("reasons", "observed"):
        yield from ((entry["rule"], entry["clause"]) for entry in decision[member])
    for rule in rules:
        if rule.otherwise is Action.ALLOW and _is_due(rule, decision["obligations"]):
            yield rule.id, 0


def _is_due(rule: Rule, obligations: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a rule that only obliges has obliged, by its members that are constant."""
    for obligation in rule.obligations:
        constant = {
            name: value for name, value in obligation.members if not isinstance(value, Mapping)
        }
        names = {name for name, _ in obligation.members}
        if any(due.keys() == names and constant.items() <= due.items() for due in obligations):
            return True
    return False
