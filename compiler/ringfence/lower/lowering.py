"""What a policy kind contributes to a program."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ringfence.errors import Diagnostic, Span
from ringfence.ir.expression import Expr
from ringfence.ir.rule import Cited, Rule
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy

__all__ = ["Joined", "Lowering", "TenantParams", "table_digest"]


def table_digest(table: object) -> str:
    """Name a table by its content: the same table has the same name."""
    text = json.dumps(table, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "t_" + hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantParams:
    """A tenant's parameters by decision point, and the YAML position that each rule cites.

    `tables` are large values by the digest of their content (`table_digest`): a parameter names one
    by its digest, and tenants that have the same one share it.
    """

    params: Mapping[str, Mapping[str, object]]
    sources: Mapping[str, Mapping[str, Span | Cited]]
    tables: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """How several documents of one kind stand beside one another in a scope.

    Each governs the names that its field `field` lists, no name twice, and its parameters are tables
    keyed by those names, which become shared ones. The fact `fact` names whom a decision is about.
    """

    field: str
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """How a governing kind becomes rules that every tenant shares, and parameters of each tenant.

    `rules` and `derived` are asked once a decision point. `params` is asked once a tenant, with the
    merged values, the platform's policy of this kind if any, and the tenant's. A kind that governs the
    platform itself, under the tenant name `platform`, has `platform` instead. Only a kind with `joined`
    may have several documents in a tenant's scope; `params` is then asked once a document.
    """

    kind: str
    points: tuple[str, ...]
    rules: Callable[[str], tuple[Rule, ...]]
    derived: Callable[[str], tuple[tuple[str, Expr], ...]]
    params: Callable[
        [Effective, Policy | None, Policy], tuple[TenantParams, tuple[Diagnostic, ...]]
    ]
    platform: Callable[[Sequence[Policy]], TenantParams] | None = None
    joined: Joined | None = None
