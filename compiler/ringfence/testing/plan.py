"""From `PolicyTest` documents to suites of trials, or all that is wrong with the documents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from ringfence.check.compiled import Overview
from ringfence.errors import Diagnostic
from ringfence.ir.schema import DecisionPoint
from ringfence.language.kinds.policy_test import Case, PolicyTest
from ringfence.language.policy import Policy
from ringfence.language.source import Document, Path, read_document
from ringfence.lower.facts import unknown_point
from ringfence.testing.facts import Reader, unknown_fact
from ringfence.testing.mirror import check_mirror, mirror_of, mirrored
from ringfence.testing.names import check_names
from ringfence.testing.table import check_tables, table_trials
from ringfence.testing.trial import ENFORCED, Suite, Trial

__all__ = ["plan_suite", "plan_suites", "policy_tests_hold"]

Planned = tuple[Suite | None, tuple[Diagnostic, ...]]


def plan_suites(
    compiled: Overview, policies: Iterable[Policy]
) -> tuple[tuple[Suite, ...], tuple[Diagnostic, ...]]:
    """Plan the suites of these documents; those with mistakes have none."""
    planned = [plan_suite(compiled, policy) for policy in policies]
    suites = tuple(suite for suite, _ in planned if suite is not None)
    return suites, tuple(found for _, problems in planned for found in problems)


def policy_tests_hold(compiled: Overview) -> Iterator[Diagnostic]:
    """Check all tests of a repository and their bases, without running them."""
    yield from plan_suites(compiled, compiled.of_kind("PolicyTest"))[1]


def plan_suite(compiled: Overview, policy: Policy) -> Planned:
    """Plan one document's suite, or say all that is wrong with it and with its base."""
    spec = policy.spec
    assert isinstance(spec, PolicyTest)
    points = compiled.platform.points
    if spec.at not in points:
        return None, (unknown_point(spec.at, policy, ("at",), points),)
    point = points[spec.at].point
    problems = [
        *check_names(compiled, policy, spec),
        *check_mirror(policy, spec, point),
        *check_tables(policy, spec, point),
    ]
    base = _base(compiled, policy, spec, point)
    if not isinstance(base, dict):
        return None, (*problems, *base)
    reader = Reader(policy.document, point)
    trials = _trials(policy, spec, reader=reader, base=base)
    if problems or reader.diagnostics:
        return None, (*problems, *reader.diagnostics)
    suite = Suite(
        name=policy.metadata.name,
        file=policy.document.file,
        tenant=policy.scope.tenant or "platform",
        point=point,
        layer=spec.release or ENFORCED,
        trials=(*trials, *table_trials(policy, spec, point=point, base=base)),
    )
    return suite, ()


def _base(
    compiled: Overview, policy: Policy, spec: PolicyTest, point: DecisionPoint
) -> dict[str, object] | tuple[Diagnostic, ...]:
    root = compiled.project.root
    file = PurePosixPath(policy.document.file).parent / spec.base
    if not (root / file).is_file():
        message = f"there is no file `{file}`"
        hint = "write one complete, allowed request there, as a mapping of facts"
        return (Diagnostic("RF601", policy.value("base"), message, hint),)
    document = read_document(root, str(file))
    if not isinstance(document, Document):
        return document
    reader = Reader(document, point)
    facts = reader.read(document.data, at=())
    missing = [fact.name for fact in point.facts if fact.required and fact.name not in facts]
    if missing and not reader.diagnostics:
        message = f"the base lacks {', '.join(f'`{name}`' for name in missing)}"
        hint = f"`{point.name}` needs them in every request"
        reader.diagnostics.append(Diagnostic("RF604", document.spans.value(()), message, hint))
    return tuple(reader.diagnostics) or facts


def _trials(
    policy: Policy, spec: PolicyTest, *, reader: Reader, base: Mapping[str, object]
) -> tuple[Trial, ...]:
    mirror = mirror_of(spec, reader.point)
    first = Trial(name="base is allowed", span=policy.value("base"), now=spec.now, facts=dict(base))
    cases = (
        _trial(policy, case, index=index, reader=reader, base=base, mirror=mirror)
        for index, case in enumerate(spec.cases)
    )
    return (first, *(replace(trial, now=trial.now or spec.now) for trial in cases))


def _trial(
    policy: Policy,
    case: Case,
    *,
    index: int,
    reader: Reader,
    base: Mapping[str, object],
    mirror: Mapping[str, str],
) -> Trial:
    path: Path = ("spec", "cases", index)
    changes = mirrored(base, reader.read(case.set, at=(*path, "set")), mirror)
    reader.diagnostics += _unset(policy, case, path=path, point=reader.point, changes=changes)
    kept = {name: value for name, value in {**base, **changes}.items() if name not in case.unset}
    return Trial(
        name=case.name,
        span=policy.document.spans.nearest((*path, "name")),
        now=case.now or 0,
        facts=kept,
        approve=case.approve,
        expect=case.expect,
    )


def _unset(
    policy: Policy, case: Case, *, path: Path, point: DecisionPoint, changes: Mapping[str, object]
) -> Iterator[Diagnostic]:
    for index, name in enumerate(case.unset):
        span = policy.document.spans.nearest((*path, "unset", index))
        if name not in point.by_name():
            yield unknown_fact(name, span, point)
        elif name in changes:
            message = f"fact `{name}` is set and unset"
            yield Diagnostic("RF611", span, message, "keep one of the two")
