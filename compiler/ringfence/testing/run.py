"""Run suites on the real OPA: one server a layer, all its trials in batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.check.compiled import Compiled
from ringfence.opa.policies import PolicyServer
from ringfence.testing.compare import NO_DECISION, Mismatch, compare
from ringfence.testing.keys import TestKeys
from ringfence.testing.layer import environment_of, layer_files
from ringfence.testing.trial import Suite, Trial

__all__ = ["Run", "SuiteResult", "TrialResult", "run_suites"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """A trial, the decision on it, and how that differs from what was expected."""

    trial: Trial
    decision: Mapping[str, Any]
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the decision is as expected."""
        return not self.mismatches


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """A suite and the results of its trials, in order."""

    suite: Suite
    results: tuple[TrialResult, ...]

    @property
    def failures(self) -> tuple[TrialResult, ...]:
        """List the results that are not as expected."""
        return tuple(result for result in self.results if not result.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All suites of a run."""

    suites: tuple[SuiteResult, ...]

    @property
    def total(self) -> int:
        """Count the trials."""
        return sum(len(suite.results) for suite in self.suites)

    @property
    def failed(self) -> int:
        """Count the trials that failed."""
        return sum(len(suite.failures) for suite in self.suites)


def run_suites(compiled: Compiled, suites: Sequence[Suite]) -> Run:
    """Decide every trial of the suites, and compare; raise OpaError where OPA fails."""
    approvers = [
        approve.by for suite in suites for trial in suite.trials for approve in trial.approve
    ]
    keys = TestKeys.make(approvers)
    results: dict[int, SuiteResult] = {}
    for layer in sorted({suite.layer for suite in suites}):
        chosen = {i: suite for i, suite in enumerate(suites) if suite.layer == layer}
        tenants = {suite.tenant for suite in chosen.values()}
        files = layer_files(compiled, layer, tenants=tenants, trust=keys.trust())
        with PolicyServer(files) as server:
            results |= _run_layer(chosen, server=server, keys=keys, layer=layer)
    return Run(suites=tuple(results[i] for i in range(len(suites))))


def _run_layer(
    suites: Mapping[int, Suite], *, server: PolicyServer, keys: TestKeys, layer: str
) -> dict[int, SuiteResult]:
    environment = environment_of(layer)
    asked = [(i, trial) for i, suite in suites.items() for trial in suite.trials]
    requests = [
        (keys.request(trial, suite=suites[i], environment=environment), trial.now * _NS)
        for i, trial in asked
    ]
    results: dict[int, list[TrialResult]] = {i: [] for i in suites}
    for (i, trial), decision in zip(asked, server.decide(requests), strict=True):
        results[i].append(_judge(trial, decision or NO_DECISION))
    return {i: SuiteResult(suite=suite, results=tuple(results[i])) for i, suite in suites.items()}


def _judge(trial: Trial, decision: Mapping[str, Any]) -> TrialResult:
    mismatches = compare(decision, trial.expect)
    return TrialResult(trial=trial, decision=decision, mismatches=mismatches)
