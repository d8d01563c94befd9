"""One conjunction that holds only if every rule is shown to be satisfied.

It is derived from the same conditions as the columns of violations, and simplified by its own unit
clauses. It is *sufficient* only: where it does not hold, the columns decide. Most requests end here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from ringfence.emit.simplify import Simplifier, given
from ringfence.emit.terms import predicate
from ringfence.ir.expression import And, Expr, FactRef, Has, Or, Quantifier, QuantifierKind
from ringfence.ir.logic import complement, conjunction, disjunction, walk

__all__ = ["Satisfied", "inward", "is_filter", "satisfied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfied:
    """The clauses of the conjunction, each with the first rule that asks for it.

    `filters` are those that every item of a list must meet.
    `present` are the optional facts without which it does not hold.
    """

    clauses: tuple[tuple[str, Expr], ...]
    filters: tuple[tuple[str, Quantifier], ...]
    present: frozenset[str]

    @property
    def quiet(self) -> frozenset[tuple[str, Expr]]:
        """Pair lists with the predicates that none of their items may meet."""
        return frozenset((f.collection.name, predicate(f)) for _, f in self.filters)


def satisfied(violations: Iterable[tuple[str, Expr]], *, simplifier: Simplifier) -> Satisfied:
    """Return the conjunction of the complements of total expressions, by rule."""
    asked = [
        (rule, clause)
        for rule, violation in violations
        for clause in _conjuncts(complement(violation))
    ]
    units, rest = _propagate([*_presumed(asked), *asked])
    needed = {clause.operand for clause in units if isinstance(clause, Has)}
    proven = {one for clause in units for one in simplifier.proven(clause)}
    clauses = [
        (rule, clause)
        for clause, rule in (units | rest).items()
        if not (isinstance(clause, Has) and clause.operand in proven)
    ]
    return Satisfied(
        clauses=tuple((rule, clause) for rule, clause in clauses if not is_filter(clause)),
        filters=tuple((rule, clause) for rule, clause in clauses if is_filter(clause)),
        present=frozenset(one.name for one in needed | proven if isinstance(one, FactRef)),
    )


def inward(violation: Expr) -> Expr:
    """Move conditions into the quantifier beside them: an empty list then costs nothing.

    `a and exists(x, p)` is `exists(x, a and p)`, since `a` doesn't speak of items.
    """
    match violation:
        case Or(operands):
            return disjunction(*map(inward, operands))
        case And(operands):
            some = [o for o in operands if isinstance(o, Quantifier) and not is_filter(o)]
            if len(some) != 1:
                return violation
            (quantifier,) = some
            others = [operand for operand in operands if operand is not quantifier]
            if any(isinstance(node, Quantifier) for one in others for node in walk(one)):
                return violation
            return replace(quantifier, body=conjunction(*others, quantifier.body))
        case _:
            return violation


def _presumed(clauses: Iterable[tuple[str, Expr]]) -> Iterable[tuple[str, Expr]]:
    """Presume the optional facts whose presence is asked about more than once: most requests have them."""
    asked: dict[str, list[str]] = {}
    for rule, clause in clauses:
        if isinstance(clause, Or):
            for node in dict.fromkeys(walk(clause)):
                match node:
                    case Has(FactRef(name)):
                        asked.setdefault(name, []).append(rule)
    return [(rules[0], Has(FactRef(name))) for name, rules in asked.items() if len(rules) > 1]


def _conjuncts(expr: Expr) -> tuple[Expr, ...]:
    return expr.operands if isinstance(expr, And) else (expr,)


def _propagate(clauses: Iterable[tuple[str, Expr]]) -> tuple[dict[Expr, str], dict[Expr, str]]:
    """Simplify the conjunction by its own unit clauses; return units and other clauses by rule."""
    known: set[Expr] = set()
    units: dict[Expr, str] = {}
    waiting: Sequence[tuple[str, Expr]] = list(clauses)
    while True:
        rest: list[tuple[str, Expr]] = []
        for rule, clause in waiting:
            for part in _conjuncts(given(clause, known)):
                if isinstance(part, Or):
                    rest.append((rule, part))
                elif part not in known:
                    known.add(part)
                    units[part] = rule
        if rest == waiting:
            return units, {clause: rule for rule, clause in reversed(rest)}
        waiting = rest


def is_filter(clause: Expr) -> TypeGuard[Quantifier]:
    """Tell whether a clause asks something of every item of a list."""
    return isinstance(clause, Quantifier) and clause.kind is QuantifierKind.ALL
