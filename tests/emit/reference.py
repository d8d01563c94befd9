"""What the decision on a request must be, told from the programs alone, all levels being `enforce`.

It speaks of requests without approvals and exceptions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from tests.emit.meaning import World, exact, value_of
from tests.emit.reading import read_facts

from ringfence.ir.expression import And, Derived, Expr, FactRef, Not, OrEmpty
from ringfence.ir.rule import Action, PointProgram, Rule, TenantProgram

__all__ = ["Expected", "Reference", "Violation", "is_violated"]

UNREADABLE = "facts.required"
UNKNOWN_TENANT = "tenant.unknown"
NOT_GOVERNED = "tenant.not-governed"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """A violated rule: its first clause that is not shown, whether `require` is refuted, its action."""

    rule: str
    clause: int
    refuted: bool
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A decision. With `refusal`, the request was not evaluated, and the gate named these facts.

    `unknown` are the optional facts that violated rules read and that are not there.
    `facts` are those that are there, and `derived` the computed values that are known, with numbers
    as fractions.
    """

    refusal: str = ""
    unknown: frozenset[str] = frozenset()
    violations: tuple[Violation, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    derived: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reasons(self) -> tuple[Violation, ...]:
        """List the violations that the decision names; a rule whose action is `allow` only obliges."""
        return tuple(one for one in self.violations if one.action is not Action.ALLOW)

    @property
    def action(self) -> Action:
        """Return the strictest action."""
        if self.refusal:
            return Action.BLOCK
        actions = [one.action for one in self.violations]
        return max(actions, key=lambda action: action.rank, default=Action.ALLOW)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Decide about requests at one decision point, for tenants by name."""

    program: PointProgram
    tenants: Mapping[str, TenantProgram]

    def decide(
        self, request: Any, *, now_ns: int, attested: Mapping[str, Any] | None = None
    ) -> Expected:
        """Return the decision on a request that `parse_request` read."""
        point = self.program.point
        tenant = self._tenant(request)
        if tenant is None:
            return Expected(refusal=UNKNOWN_TENANT)
        if point.name not in tenant.params:
            return Expected(refusal=NOT_GOVERNED)
        facts = read_facts(point, request.get("facts"), attested=attested)
        lacking = {one.name for one in point.facts if one.required} - facts.keys()
        if lacking:
            return Expected(refusal=UNREADABLE, unknown=frozenset(lacking))
        world = World(
            facts=facts,
            params=self._params[tenant.name],
            derived=self._derived,
            tables=self._tables[tenant.name],
            tenant=tenant.name,
            now_ns=now_ns,
        )
        violated = [rule for rule in self._rules(tenant) if is_violated(rule, world)]
        return Expected(
            facts=world.facts,
            unknown=frozenset(
                name
                for rule in violated
                for name in _reads(rule.require, self._derived)
                if name not in world.facts
            ),
            violations=tuple(sorted(_violation(rule, world) for rule in violated)),
            derived={
                name: value
                for name, expr in self.program.derived
                if (value := value_of(expr, world)) is not None
            },
        )

    def _tenant(self, request: Any) -> TenantProgram | None:
        name = request.get("tenant") if isinstance(request, Mapping) else None
        return self.tenants.get(name) if isinstance(name, str) else None

    def _rules(self, tenant: TenantProgram) -> Iterable[Rule]:
        own = (rule for rule in tenant.rules if rule.point == self.program.point.name)
        return chain(self.program.rules, own)

    @cached_property
    def _derived(self) -> Mapping[str, Expr]:
        return dict(self.program.derived)

    @cached_property
    def _params(self) -> Mapping[str, Any]:
        name = self.program.point.name
        return {one.name: exact(one.params.get(name, {})) for one in self.tenants.values()}

    @cached_property
    def _tables(self) -> Mapping[str, Any]:
        return {one.name: exact(one.tables) for one in self.tenants.values()}


def is_violated(rule: Rule, world: World) -> bool:
    """Tell whether a rule applies and its requirement is not shown."""
    applies = value_of(rule.where, world)
    # INVARIANT: `where` reads always-present facts only.
    assert applies is not None, rule.id
    return bool(applies) and value_of(rule.require, world) is not True


def _violation(rule: Rule, world: World) -> Violation:
    refuted = value_of(rule.require, world) is False
    outcomes = [value_of(clause, world) for clause in _clauses(rule.require)]
    return Violation(
        rule=rule.id,
        clause=1 + next(n for n, outcome in enumerate(outcomes) if outcome is not True),
        refuted=refuted,
        action=rule.otherwise if refuted else rule.if_unknown,
    )


def _reads(expr: Expr, derived: Mapping[str, Expr]) -> Iterable[str]:
    """Name the facts that an expression reads, found by looking into every field of every node."""
    match expr:
        case FactRef(name) | OrEmpty(name):
            yield name
        case Derived(name):
            yield from _reads(derived[name], derived)
        case tuple():
            for one in expr:
                yield from _reads(one, derived)
        case _ if hasattr(expr, "__dataclass_fields__"):
            for name in expr.__dataclass_fields__:
                yield from _reads(getattr(expr, name), derived)


def _clauses(require: Expr) -> tuple[Expr, ...]:
    """List the operands of the outermost `&&`: brackets and `!!` around them are none of their own."""
    match require:
        case Not(Not(operand)):
            return _clauses(operand)
        case And(operands) if operands:
            return tuple(clause for operand in operands for clause in _clauses(operand))
        case _:
            return (require,)
