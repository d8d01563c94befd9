"""Passes over a whole repository: a tuple of small functions, each yielding diagnostics."""

from collections.abc import Callable, Iterator

from ringfence.check.compiled import Compiled, Overview
from ringfence.check.passes import releases_hold, rule_ids_are_unique
from ringfence.check.prompts import instructions_are_enforced
from ringfence.check.trust import exceptions_hold, trust_roots_hold
from ringfence.errors import Diagnostic
from ringfence.release.step_downs import step_downs_hold
from ringfence.testing.plan import policy_tests_hold

__all__ = ["PASSES", "Compiled", "Overview"]

PASSES: tuple[Callable[[Overview], Iterator[Diagnostic]], ...] = (
    rule_ids_are_unique,
    releases_hold,
    step_downs_hold,
    trust_roots_hold,
    exceptions_hold,
    instructions_are_enforced,
    policy_tests_hold,
)
