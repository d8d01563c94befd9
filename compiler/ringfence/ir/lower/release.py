"""Lower `Release`: what must be shown before a bundle is activated in an environment."""

from collections.abc import Sequence

from ringfence.errors import Diagnostic
from ringfence.ir.build import all_of, any_of, equal, fact, has, is_in, lookup, message
from ringfence.ir.expression import Expr
from ringfence.ir.lower.lowering import Lowering, TenantParams
from ringfence.ir.rule import Rule
from ringfence.language.kinds.release import Release
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy

__all__ = ["LOWERING"]

_POINT = "policy.activate"
_BEFORE = lookup("before", fact("activation.bundle"), fact("activation.environment"), default=())


def _rules(_: str) -> tuple[Rule, ...]:
    return (
        Rule(
            id="activate.tested-before",
            point=_POINT,
            require=any_of(
                is_in("", _BEFORE),
                all_of(
                    is_in(fact("tested.environment"), _BEFORE),
                    equal(fact("tested.content"), fact("activation.content")),
                    equal(fact("tested.result"), "passed"),
                ),
            ),
            message=message(
                "this content was not shown to pass its tests in the environment before "
                "{facts.activation.environment}"
            ),
            fix="activate and test it in the earlier environment first, and present the attestation",
        ),
        Rule(
            id="activate.change-ref",
            point=_POINT,
            require=has("activation.change_ref"),
            message=message("no change is named"),
            fix="send activation.change_ref",
        ),
    )


def _derived(_: str) -> tuple[tuple[str, Expr], ...]:
    return ()


def _params(
    effective: Effective, broad: Policy | None, narrow: Policy
) -> tuple[TenantParams, tuple[Diagnostic, ...]]:
    return TenantParams(params={}, sources={}), ()


def _platform(policies: Sequence[Policy]) -> TenantParams:
    """Map release and environment to the environments before it; "" where it is a first one."""
    before: dict[str, dict[str, list[str]]] = {}
    for policy in policies:
        spec = policy.spec
        assert isinstance(spec, Release)
        before[policy.metadata.name] = {
            name: sorted(environment.after) or [""]
            for name, environment in spec.environments.items()
        }
    first = policies[0].key("environments")
    sources = {_POINT: {rule.id: first for rule in _rules(_POINT)}}
    return TenantParams(params={_POINT: {"before": before}}, sources=sources)


LOWERING = Lowering(
    kind="Release",
    points=(_POINT,),
    rules=_rules,
    derived=_derived,
    params=_params,
    platform=_platform,
)
