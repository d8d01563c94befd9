"""Facts that repeat other facts, so that a test changes both by changing one."""

from collections.abc import Iterator, Mapping

from ringfence.errors import Diagnostic
from ringfence.ir.schema import DecisionPoint
from ringfence.language.kinds.policy_test import PolicyTest
from ringfence.language.policy import Policy
from ringfence.testing.facts import unknown_fact

__all__ = ["check_mirror", "mirror_of", "mirrored"]

_TAGS = {"tags.class": "runner.class", "tags.size": "runner.size", "tags.pipeline": "pipeline.id"}
# Chargeback tags repeat the manifest. What proves something, as the scan's digest does, is no mirror.
_DEFAULTS: Mapping[str, Mapping[str, str]] = {"runner.deploy": _TAGS, "runner.start": _TAGS}


def mirror_of(spec: PolicyTest, point: DecisionPoint) -> Mapping[str, str]:
    """Return which fact repeats which: what the test says, else what the decision point implies."""
    return _DEFAULTS.get(point.name, {}) if spec.mirror is None else spec.mirror


def check_mirror(policy: Policy, spec: PolicyTest, point: DecisionPoint) -> Iterator[Diagnostic]:
    """Check that a test's `mirror` names two different facts of its decision point each."""
    facts = point.by_name()
    for name, source in (spec.mirror or {}).items():
        if name not in facts:
            yield unknown_fact(name, policy.key("mirror", name), point)
        if source not in facts:
            yield unknown_fact(source, policy.value("mirror", name), point)
        if name == source or source in (spec.mirror or {}):
            message = f"`{name}` would repeat `{source}`, which repeats a fact itself"
            hint = "name the fact that is repeated in the end"
            yield Diagnostic("RF608", policy.key("mirror", name), message, hint)


def mirrored(
    base: Mapping[str, object], changes: Mapping[str, object], mirror: Mapping[str, str]
) -> dict[str, object]:
    """Return the changes with what repeats them, where the base's two values agree.

    A mirror that the changes set themselves stays as they say.
    """
    followed = {
        name: changes[source]
        for name, source in mirror.items()
        if source in changes
        and name not in changes
        and name in base
        and base[name] == base.get(source)
    }
    return {**changes, **followed}
