"""Choose the tests of a run."""

import re
from dataclasses import replace

from ringfence.check.compiled import Compiled
from ringfence.errors import CompileError
from ringfence.language.repository import read_texts
from ringfence.testing.plan import plan_suites
from ringfence.testing.trial import Suite

__all__ = ["select_suites"]


def select_suites(
    compiled: Compiled, *, inside: str, pattern: re.Pattern[str]
) -> tuple[Suite, ...]:
    """Return the suites of the documents at or below `inside`, a path from the root or `.`.

    Of each suite only the trials whose `DOCUMENT: CASE` matches stay, and with them the base.
    Raises CompileError for invalid tests.
    """
    policies = [
        policy
        for policy in compiled.of_kind("PolicyTest")
        if inside in (".", policy.document.file) or policy.document.file.startswith(f"{inside}/")
    ]
    suites, problems = plan_suites(compiled, policies)
    if problems:
        raise CompileError(problems, sources=read_texts(compiled.project, problems))
    chosen = (_matching(suite, pattern) for suite in suites)
    return tuple(suite for suite in chosen if suite.trials)


def _matching(suite: Suite, pattern: re.Pattern[str]) -> Suite:
    base, *others = suite.trials
    named = [trial for trial in others if pattern.search(f"{suite.name}: {trial.name}")]
    keep = bool(named) or pattern.search(f"{suite.name}: {base.name}")
    return replace(suite, trials=(base, *named) if keep else ())
