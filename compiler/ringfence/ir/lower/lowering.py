"""What a policy kind contributes to a program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ringfence.errors import Diagnostic, Span
from ringfence.ir.expression import Expr
from ringfence.ir.rule import Rule
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy

__all__ = ["Lowering", "TenantParams"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantParams:
    """A tenant's parameters by decision point, and the YAML position that each rule cites."""

    params: Mapping[str, Mapping[str, object]]
    sources: Mapping[str, Mapping[str, Span]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """How a governing kind becomes rules that every tenant shares, and parameters of each tenant.

    `rules` and `derived` are asked once a decision point. `params` is asked once a tenant, with the
    merged values, the platform's policy of this kind if any, and the tenant's. A kind that governs the
    platform itself, under the tenant name `platform`, has `platform` instead.
    """

    kind: str
    points: tuple[str, ...]
    rules: Callable[[str], tuple[Rule, ...]]
    derived: Callable[[str], tuple[tuple[str, Expr], ...]]
    params: Callable[
        [Effective, Policy | None, Policy], tuple[TenantParams, tuple[Diagnostic, ...]]
    ]
    platform: Callable[[Sequence[Policy]], TenantParams] | None = None
