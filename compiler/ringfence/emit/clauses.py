"""Clauses of single rules: which fails, and whether the rule is refuted or only unknown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ringfence.emit.body import Body
from ringfence.ir.expression import And, Expr
from ringfence.ir.logic import Optionals, complement, conjunction, reads, refuted, shown
from ringfence.ir.rule import Rule
from ringfence.ir.schema import DecisionPoint

__all__ = ["Clause", "failing_clauses", "is_ambiguous", "refuted_clauses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A body of one rule: statements that hold where it is violated, refuted, or fails in part.

    `number` counts the operands of the requirement's outermost `&&`, from 1.
    """

    rule: Rule
    statements: tuple[str, ...]
    number: int = 1


def is_ambiguous(rule: Rule, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...]) -> bool:
    """Tell whether being unknown and being refuted lead to different actions."""
    optional = {fact.name for fact in point.facts if not fact.required or fact.type.is_records}
    may_be_unknown = not optional.isdisjoint(reads(rule.require, derived))
    return may_be_unknown and rule.if_unknown is not rule.otherwise


def failing_clauses(rule: Rule, optionals: Optionals) -> Iterable[tuple[int, Expr]]:
    """Return, by number, the total expression for: the rule applies, and the clause is not shown."""
    where, require = shown(rule.where, optionals), rule.require
    operands = require.operands if isinstance(require, And) and require.operands else (require,)
    for number, operand in enumerate(operands, start=1):
        yield number, conjunction(where, complement(shown(operand, optionals)))


def refuted_clauses(
    rules: Sequence[Rule],
    *,
    point: DecisionPoint,
    derived: tuple[tuple[str, Expr], ...],
    params: str,
) -> tuple[Clause, ...]:
    """Write, for rules that can be unknown, the bodies that hold where the requirement is refuted."""
    optionals = Optionals(point, derived)

    def hold(condition: Expr) -> tuple[str, ...]:
        body = Body(point=point, derived=derived, params=params, expressions=(condition,))
        return (*body.statements, body.condition(condition))

    return tuple(
        Clause(
            rule=rule,
            statements=hold(
                conjunction(shown(rule.where, optionals), refuted(rule.require, optionals))
            ),
        )
        for rule in rules
        if is_ambiguous(rule, point, derived)
    )
