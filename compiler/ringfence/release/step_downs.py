"""Step-downs: checked against the releases, and compiled for the live bundle."""

from collections.abc import Iterator

from ringfence.check.compiled import Overview
from ringfence.errors import Diagnostic
from ringfence.ir.rule import Level
from ringfence.language.kinds.release import Release
from ringfence.language.kinds.step_down import StepDown
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.release.layer import release_layer

__all__ = ["compile_step_downs", "step_downs_hold"]

_LADDER = tuple(Level)


def step_downs_hold(compiled: Overview) -> Iterator[Diagnostic]:
    """Refuse a step-down of no rule, of an invariant, in no environment, or that is none."""
    for policy in compiled.of_kind("StepDown"):
        spec = policy.spec
        assert isinstance(spec, StepDown)
        rule = compiled.rules.get(spec.rule)
        if rule is None:
            near = did_you_mean(spec.rule, compiled.rules)
            help_ = f"did you mean `{near}`?" if near else "name a rule of this repository"
            yield Diagnostic("RF402", policy.value("rule"), f"no rule `{spec.rule}`", help_)
        elif rule.invariant:
            message = f"`{spec.rule}` is an invariant"
            yield Diagnostic("RF405", policy.value("rule"), message, "no level makes it milder")
        else:
            yield from _against_releases(policy, spec, compiled)


def _against_releases(policy: Policy, spec: StepDown, compiled: Overview) -> Iterator[Diagnostic]:
    levels = [
        level
        for release in compiled.of_kind("Release")
        if isinstance(release.spec, Release) and spec.environment in release.spec.environments
        for level in release_layer(
            compiled, release=release.metadata.name, environment=spec.environment
        )
        .levels.of(spec.rule)
        .values()
    ]
    if not levels:
        message = f"no release has an environment `{spec.environment}`"
        yield Diagnostic("RF401", policy.value("environment"), message, "see `environments`")
    elif all(_place(spec.level) >= _place(level) for level in levels):
        message = f"`{spec.rule}` is at `{'`, `'.join(sorted(set(levels)))}` already"
        help_ = "a step-down is milder than the release's level"
        yield Diagnostic("RF410", policy.value("level"), message, help_)


def _place(level: str) -> int:
    return _LADDER.index(Level(level))


def compile_step_downs(compiled: Overview, *, environment: str) -> dict[str, dict[str, object]]:
    """Return those of an environment that are in force, by rule; the mildest of several wins.

    `until` is in epoch seconds. One that has not begun is left out: a later live bundle brings it.
    """
    found: dict[str, dict[str, object]] = {}
    for policy in compiled.of_kind("StepDown"):
        spec = policy.spec
        assert isinstance(spec, StepDown)
        in_force = spec.starts_at <= compiled.now < spec.expires_at
        if spec.environment != environment or not in_force:
            continue
        before = found.get(spec.rule)
        if before is None or _place(spec.level) < _place(str(before["level"])):
            found[spec.rule] = {
                "level": spec.level,
                "until": spec.expires_at,
                "incident": spec.incident,
                "by": spec.by,
            }
    return found
