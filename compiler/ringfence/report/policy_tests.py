"""A test run for a person, and as JSON."""

import json
from collections.abc import Iterator
from typing import Any

from ringfence.report.escape import escape_line
from ringfence.testing.coverage import Coverage
from ringfence.testing.run import Run, SuiteResult, TrialResult

__all__ = ["failure_lines", "render_json", "render_pretty"]


def render_pretty(run: Run, coverage: Coverage | None) -> str:
    """Return one line a document, its failures, coverage where it was measured, and a summary."""
    lines = [line for suite in run.suites for line in _suite_lines(suite)]
    lines += _coverage_lines(coverage) if coverage else []
    lines.append(f"{run.total} tests in {len(run.suites)} documents, {run.failed} failed")
    return "".join(f"{escape_line(line)}\n" for line in lines)


def _suite_lines(result: SuiteResult) -> Iterator[str]:
    suite, failed = result.suite, len(result.failures)
    verdict = f"{failed} of {len(result.results)} failed" if failed else f"{len(result.results)} ok"
    layer = suite.layer or "all rules enforced"
    yield f"{'FAIL' if failed else 'ok':<5} {suite.name}  {suite.point.name}, {layer}: {verdict}"
    for failure in result.failures:
        yield f"      {failure.trial.span}: {failure.trial.name}"
        yield from (f"        {line}" for line in failure_lines(failure))


def failure_lines(result: TrialResult) -> Iterator[str]:
    """Yield what was expected and what was decided, then the decision's reasons."""
    for mismatch in result.mismatches:
        yield f"{mismatch.member}: expected {mismatch.expected}, got {mismatch.actual}"
    if not result.decision["evaluated"]:
        yield "the request was not evaluated"
    for reason in result.decision.get("reasons", ()):
        yield f"{reason['action']} by {reason['rule']}: {reason['message']}"
        yield f"  says {reason['source'] or 'the compiler'}; to fix: {reason['fix']}"
    for missed in result.decision.get("waivers_missed", ()):
        yield f"exception {missed['exception']} does not lift {missed['rule']}: {missed['why']}"
    for missed in result.decision.get("approvals_missed", ()):
        yield f"an approval does not lift {missed['rule']}: {missed['why']}"


def _coverage_lines(coverage: Coverage) -> Iterator[str]:
    yield f"coverage of rules and clauses: {float(coverage.percent):.1f} %"
    for rule in coverage.uncovered:
        yield f"  {rule.point:<16} {rule.rule.id:<36} {', '.join(rule.missing)}"


def render_json(run: Run, coverage: Coverage | None) -> str:
    """Return `{"tests", "failed", "suites", "coverage"}` with one final newline."""
    document: dict[str, Any] = {
        "tests": run.total,
        "failed": run.failed,
        "suites": [_suite(suite) for suite in run.suites],
        "coverage": _coverage(coverage) if coverage else None,
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _suite(result: SuiteResult) -> dict[str, Any]:
    suite = result.suite
    return {
        "name": suite.name,
        "file": suite.file,
        "tenant": suite.tenant,
        "point": suite.point.name,
        "layer": suite.layer or "enforce",
        "tests": [_trial(one) for one in result.results],
    }


def _trial(result: TrialResult) -> dict[str, Any]:
    span = result.trial.span
    return {
        "name": result.trial.name,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "passed": result.passed,
        "mismatches": [
            {"member": one.member, "expected": one.expected, "actual": one.actual}
            for one in result.mismatches
        ],
        "decision": result.decision,
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "percent": round(float(coverage.percent), 2),
        "rules": [
            {
                "point": one.point,
                "rule": one.rule.id,
                "clauses": one.clauses,
                "held": one.held,
                "failed_clauses": sorted(one.failed),
                "missing": list(one.missing),
            }
            for one in coverage.rules
        ],
    }
