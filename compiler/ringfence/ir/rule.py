"""Rules, and the program that a release compiles to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.errors import Span
from ringfence.ir.expression import And, Expr
from ringfence.ir.schema import DecisionPoint

__all__ = [
    "Action",
    "Category",
    "Cited",
    "Level",
    "Message",
    "Obligation",
    "PointProgram",
    "Rule",
    "TenantProgram",
]


class Action(StrEnum):
    """The one lattice of actions, mildest first; the strictest of all reasons wins."""

    ALLOW = "allow"
    ALLOW_LOG = "allow+log"
    REDACT = "redact"
    HUMAN_REVIEW = "human_review"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Order the actions: 0 is the mildest, 4 the strictest."""
        return tuple(Action).index(self)


class Level(StrEnum):
    """How far a rule counts in an environment, mildest first."""

    OBSERVE = "observe"
    WARN = "warn"
    ENFORCE = "enforce"
    CORRECT = "correct"


class Category(StrEnum):
    """What a rule is for."""

    PREVENTIVE = "preventive"
    DETECTIVE = "detective"
    CORRECTIVE = "corrective"


@dataclass(frozen=True, slots=True)
class Message:
    """A template: literal text around dotted references such as `facts.run.timeout`, `params.x`.

    `parts` alternate: even ones are text, odd ones references.
    """

    parts: tuple[str, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """List the references in order."""
        return self.parts[1::2]


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a caller must do beside obeying the action, as JSON members.

    A row of a table, `{"lookup": ["default_size", "runner.class"]}`, and a computed value,
    `{"derived": "tools.visible"}`, are resolved when the decision is made.
    """

    members: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: where `where` holds, `require` must be shown true.

    `where` reads always-present facts only, so it is never unknown.
    With `require` refuted the rule yields `otherwise`; when it can be neither shown nor refuted,
    for want of a fact, `if_unknown`.
    `escalate_to` overrides the owner's escalation contact.
    `approvable` rules are lifted by a signed approval, `waivable` ones by an exception,
    `invariant` ones by nothing, and no level makes them milder.
    An approval is no waiver: a rule may be both approvable and invariant.
    `limits` names a computed value that narrows approvals: `{"by": [identities], "ttl": seconds,
    "count": approvers}`, each of them optional; anything that is no object limits nothing.
    """

    id: str
    point: str
    require: Expr
    message: Message
    fix: str
    where: Expr = And(())
    otherwise: Action = Action.BLOCK
    if_unknown: Action = Action.BLOCK
    category: Category = Category.PREVENTIVE
    rationale: str = ""
    docs: str = ""
    escalate_to: str = ""
    controls: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    waivable: bool = False
    approvable: bool = False
    limits: str = ""
    invariant: bool = False
    was: tuple[str, ...] = ()
    span: Span = field(default=Span("<built-in>"), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointProgram:
    """The rules that every tenant shares at one decision point.

    `derived` are the named values the rules may read, in order of dependency.
    """

    point: DecisionPoint
    rules: tuple[Rule, ...] = ()
    derived: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """Positions in several documents, told apart by the value of a fact."""

    fact: str
    spans: Mapping[str, Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantProgram:
    """What one tenant adds: parameters by point, rules of its own, and where each came from.

    `params` maps a point's name to parameter values (JSON scalars, lists, nested tables).
    A point that is absent from `params` is not governed for this tenant.
    `sources` maps a point's name to rule id to the YAML position that the tenant's reason cites.
    `tables` maps digests that parameters name to tables, which tenants share.
    """

    name: str
    wave: str = ""
    escalate_to: str = ""
    params: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    sources: Mapping[str, Mapping[str, Span | Cited]] = field(default_factory=dict)
    tables: Mapping[str, object] = field(default_factory=dict)
