"""Rules as one vector of booleans, and beside it those that OPA's rule index can skip."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ringfence.emit.body import Body
from ringfence.emit.names import reference, rule_local
from ringfence.emit.rego_filter import rego
from ringfence.ir.expression import And, Compare, CompareOp, Expr, FactRef, Literal
from ringfence.ir.logic import (
    Optionals,
    complement,
    conjunction,
    reads,
    refuted,
    shown,
    violated,
)
from ringfence.ir.rule import Rule
from ringfence.ir.schema import DecisionPoint

__all__ = ["Clause", "Column", "Vector", "is_ambiguous", "vector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One rule of the vector: the variable that holds its outcome, and the term that gives it."""

    rule: Rule
    local: str
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A rule with a body of its own: statements that hold where it is violated, refuted, or fails in part.

    `number` counts the operands of the requirement's outermost `&&`, from 1.
    """

    rule: Rule
    statements: tuple[str, ...]
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """Rules of one body.

    `statements` bind and gate; `columns` follow them, one boolean a rule.
    `indexed` rules are violated exactly where facts equal constants, so that OPA's index finds them.
    `refuted` tells, for rules that can be unknown, where the requirement is shown to be false.
    `failing` tells, for requirements of several clauses, which of them is not shown.
    """

    statements: tuple[str, ...]
    columns: tuple[Column, ...]
    indexed: tuple[Clause, ...]
    refuted: tuple[Clause, ...]
    failing: tuple[Clause, ...]

    @property
    def attested(self) -> bool:
        """Tell whether a statement asks for an attested fact."""
        clauses = (*self.refuted, *self.failing)
        bodies = [self.statements, *(clause.statements for clause in clauses)]
        return any("attested.value(" in line for body in bodies for line in body)


def is_ambiguous(rule: Rule, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...]) -> bool:
    """Tell whether being unknown and being refuted lead to different actions."""
    optional = {fact.name for fact in point.facts if not fact.required or fact.type.is_records}
    may_be_unknown = not optional.isdisjoint(reads(rule.require, derived))
    return may_be_unknown and rule.if_unknown is not rule.otherwise


def vector(
    rules: Sequence[Rule],
    *,
    point: DecisionPoint,
    derived: tuple[tuple[str, Expr], ...],
    params: str,
    always: tuple[str, ...],
) -> Vector:
    """Arrange rules of one decision point; `always` are the facts to gate in any case."""
    optionals = Optionals(point, derived)

    def hold(condition: Expr) -> tuple[str, ...]:
        alone = Body(
            point=point, derived=derived, params=params, expressions=(condition,), gated=False
        )
        return (*alone.statements, *alone.columns)

    conditions = [(rule, violated(rule.where, rule.require, optionals)) for rule in rules]
    equalities = {rule.id: _equalities(condition, point) for rule, condition in conditions}
    plain = [(rule, condition) for rule, condition in conditions if equalities[rule.id] is None]
    body = Body(
        point=point,
        derived=derived,
        params=params,
        expressions=tuple(condition for _, condition in plain),
        gated=True,
        always=always,
    )
    return Vector(
        statements=body.statements,
        columns=tuple(
            Column(rule=rule, local=rule_local(rule.id), term=term)
            for (rule, _), term in zip(plain, body.columns, strict=True)
        ),
        indexed=tuple(
            Clause(rule=rule, statements=equal)
            for rule in rules
            if (equal := equalities[rule.id]) is not None
        ),
        refuted=tuple(
            Clause(rule=rule, statements=hold(refuted_where(rule, optionals)))
            for rule in rules
            if is_ambiguous(rule, point, derived)
        ),
        failing=tuple(
            Clause(rule=rule, statements=hold(failing), number=number)
            for rule in rules
            for number, failing in _failing(rule, optionals)
        ),
    )


def refuted_where(rule: Rule, optionals: Optionals) -> Expr:
    """Return the total expression for: the rule applies and its requirement is shown to be false."""
    return conjunction(shown(rule.where, optionals), refuted(rule.require, optionals))


def _failing(rule: Rule, optionals: Optionals) -> Iterable[tuple[int, Expr]]:
    if isinstance(rule.require, And) and len(rule.require.operands) > 1:
        for number, operand in enumerate(rule.require.operands, start=1):
            yield number, complement(shown(operand, optionals))


def _equalities(condition: Expr, point: DecisionPoint) -> tuple[str, ...] | None:
    """Write a condition that only compares always-present facts with constants, else None."""
    schema = point.by_name()
    operands = condition.operands if isinstance(condition, And) else (condition,)
    lines = []
    for operand in operands:
        match operand:
            case Compare(CompareOp.EQ, FactRef(name), Literal(str(value))) if schema[name].required:
                lines.append(f"{reference('input.facts', schema[name].path)} == {rego(value)}")
            case _:
                return None
    return tuple(lines) or None
