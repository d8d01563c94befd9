"""Names that tests use: rules, exceptions, releases, and the cases' own."""

from collections.abc import Iterator, Mapping

from ringfence.check.compiled import Overview
from ringfence.errors import Diagnostic, UsageError
from ringfence.language.kinds.policy_test import Case, PolicyTest
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.lower.head import RuleHead, rule_head
from ringfence.release.layer import release_layer

__all__ = ["check_names"]

# Reasons that no rule gives: see rego/kernel/refuse.
_REFUSALS = frozenset(
    {
        "facts.required",
        "facts.unreadable",
        "point.unknown",
        "policy.stale",
        "request.unanswered",
        "tenant.not-governed",
        "tenant.unknown",
    }
)


def check_names(compiled: Overview, policy: Policy, spec: PolicyTest) -> Iterator[Diagnostic]:
    """Check the names that a test uses."""
    yield from _release(compiled, policy, spec)
    here = _rules_at(compiled, policy, spec)
    seen: dict[str, int] = {}
    for index, case in enumerate(spec.cases):
        if seen.setdefault(case.name, index) != index:
            message = f"case `{case.name}` stands here twice"
            span = policy.value("cases", index, "name")
            yield Diagnostic("RF609", span, message, "give one of them another name")
        yield from _rules(case, index, policy=policy, rules=here)
        yield from _exceptions(case, index, policy=policy, compiled=compiled)


def _release(compiled: Overview, policy: Policy, spec: PolicyTest) -> Iterator[Diagnostic]:
    if spec.release is None:
        return
    name, _, environment = spec.release.partition("/")
    try:
        release_layer(compiled, release=name, environment=environment)
    except UsageError as error:
        yield Diagnostic("RF610", policy.value("release"), error.message, error.help)


def _rules_at(compiled: Overview, policy: Policy, spec: PolicyTest) -> Mapping[str, RuleHead]:
    program = compiled.platform.points[spec.at]
    own = [
        rule
        for tenant in compiled.heads
        if tenant.name == policy.scope.tenant
        for rule in tenant.rules
        if rule.point == spec.at
    ]
    return {rule.id: rule for rule in (*map(rule_head, program.rules), *own)}


def _rules(
    case: Case, index: int, *, policy: Policy, rules: Mapping[str, RuleHead]
) -> Iterator[Diagnostic]:
    for number, approve in enumerate(case.approve):
        at = ("cases", index, "approve", number, "rule")
        if approve.rule not in rules:
            yield _no_rule(approve.rule, policy, at, rules)
        elif not rules[approve.rule].approvable:
            message = f"no approval lifts `{approve.rule}`"
            hint = "expect its reason, or lift it by an exception where it is waivable"
            yield Diagnostic("RF606", policy.value(*at), message, hint)
    for member in ("reasons", "observed"):
        for number, name in enumerate(getattr(case.expect, member) or ()):
            if name not in rules and name not in _REFUSALS:
                yield _no_rule(name, policy, ("cases", index, "expect", member, number), rules)


def _no_rule(
    name: str, policy: Policy, at: tuple[str | int, ...], rules: Mapping[str, RuleHead]
) -> Diagnostic:
    now = next((rule.id for rule in rules.values() if name in rule.was), None)
    near = now or did_you_mean(name, [*rules, *_REFUSALS])
    hint = f"it is `{now}` now" if now else f"did you mean `{near}`?" if near else ""
    message = f"there is no rule `{name}` at this decision point"
    return Diagnostic("RF605", policy.value(*at), message, hint or "see `ringfence effective`")


def _exceptions(
    case: Case, index: int, *, policy: Policy, compiled: Overview
) -> Iterator[Diagnostic]:
    known = [
        found.metadata.name for found in compiled.of_kind("Exception", tenant=policy.scope.tenant)
    ]
    expect = case.expect
    named = [("waived", number, (), name) for number, name in enumerate(expect.waived or ())]
    missed = [
        ("waivers_missed", number, ("id",), one.id)
        for number, one in enumerate(expect.waivers_missed or ())
    ]
    for member, number, rest, name in (*named, *missed):
        if name not in known:
            near = did_you_mean(name, known)
            hint = (
                f"did you mean `{near}`?" if near else f"exceptions: {', '.join(known) or 'none'}"
            )
            span = policy.value("cases", index, "expect", member, number, *rest)
            yield Diagnostic("RF605", span, f"there is no exception `{name}`", hint)
