"""The clean body: one conjunction that holds only if every rule is shown to be satisfied.

It is derived from the same conditions as the vector, and is *sufficient* only: what it can't show, the
vector decides. That buys a path without sentinels and without one variable a rule, for most requests.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ringfence.emit.body import Body
from ringfence.emit.terms import predicate
from ringfence.ir.expression import (
    And,
    Compare,
    CompareOp,
    Expr,
    FactRef,
    Has,
    Literal,
    Not,
    Or,
    Quantifier,
    QuantifierKind,
    TenantName,
)
from ringfence.ir.logic import Optionals, complement, conjunction, disjunction, violated
from ringfence.ir.rule import PointProgram
from ringfence.ir.schema import FactSource

__all__ = ["CleanBody", "clean_body"]


@dataclass(frozen=True, slots=True)
class CleanBody:
    """The statements of the clean body, in order; the last ones say which rule asks for them."""

    statements: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...]

    @property
    def attested(self) -> bool:
        """Tell whether a statement asks for an attested fact."""
        return any("attested.value(" in line for line in self.statements)


def clean_body(program: PointProgram, *, params: str, always: tuple[str, ...]) -> CleanBody:
    """Write the conjunction of all requirements of a decision point."""
    optionals = Optionals(program.point, program.derived)
    clauses = [
        (rule.id, clause)
        for rule in program.rules
        for clause in _conjuncts(_inward(complement(violated(rule.where, rule.require, optionals))))
    ]
    present = _presumed(clauses, program)
    units, rest = _propagate(clauses, present)
    lists = {clause: rule for clause, rule in units.items() if _is_filter(clause)}
    plain = {clause: rule for clause, rule in (units | rest).items() if clause not in lists}
    body = Body(
        point=program.point,
        derived=program.derived,
        params=params,
        expressions=tuple(plain),
        gated=True,
        always=(*always, *sorted(present)),
        present=frozenset(present),
        proven=frozenset(_proven(units)),
        filters=_filters(lists),
        total=False,
    )
    return CleanBody(
        statements=body.statements,
        conditions=tuple(zip(plain.values(), body.columns, strict=True)),
    )


def _conjuncts(expr: Expr) -> tuple[Expr, ...]:
    return expr.operands if isinstance(expr, And) else (expr,)


def _inward(expr: Expr) -> Expr:
    """Move conditions into the quantifier beside them: an empty list then costs nothing.

    `a or all(x, p)` is `all(x, a or p)`, since `a` doesn't speak of items.
    """
    match expr:
        case And(operands):
            return conjunction(*map(_inward, operands))
        case Or(operands):
            every = [operand for operand in operands if _is_filter(operand)]
            if len(every) != 1:
                return expr
            (quantifier,) = every
            assert isinstance(quantifier, Quantifier)
            others = [operand for operand in operands if operand is not quantifier]
            return replace(quantifier, body=disjunction(*others, quantifier.body))
        case _:
            return expr


def _presumed(clauses: Sequence[tuple[str, Expr]], program: PointProgram) -> set[str]:
    """Choose optional facts to take as present: those due anyway, and those often asked about.

    They are bound by reference, so that the body is undefined without them.
    """
    asked: Counter[str] = Counter()
    due: set[str] = set()
    for _, clause in clauses:
        match clause:
            case Has(FactRef(name)):
                due.add(name)
            case Or(operands):
                asked.update(o.operand.operand.name for o in operands if _is_absence(o))  # type: ignore[union-attr] # told by _is_absence
    often = {name for name, count in asked.items() if count > 1}
    schema = program.point.by_name()
    return {n for n in due | often if schema[n].source is not FactSource.ATTESTED}


def _is_absence(expr: Expr) -> bool:
    return (
        isinstance(expr, Not)
        and isinstance(expr.operand, Has)
        and isinstance(expr.operand.operand, FactRef)
    )


def _propagate(
    clauses: Iterable[tuple[str, Expr]], present: set[str]
) -> tuple[dict[Expr, str], dict[Expr, str]]:
    """Simplify the conjunction by its own unit clauses; return units and other clauses by rule."""
    known: set[Expr] = {Has(FactRef(name)) for name in present}
    units: dict[Expr, str] = {}
    waiting = list(clauses)
    while True:
        rest: list[tuple[str, Expr]] = []
        for rule, clause in waiting:
            for part in _conjuncts(_simplified(clause, known)):
                if isinstance(part, Or):
                    rest.append((rule, part))
                elif part not in known:
                    known.add(part)
                    units[part] = rule
        if rest == waiting:
            return units, {clause: rule for rule, clause in reversed(rest)}
        waiting = rest


def _simplified(expr: Expr, known: set[Expr]) -> Expr:
    """Return the expression under what is known to hold."""
    if expr in known:
        return And(())
    if complement(expr) in known:
        return Or(())
    match expr:
        case And(operands):
            return conjunction(*(_simplified(operand, known) for operand in operands))
        case Or(operands):
            return disjunction(*(_simplified(operand, known) for operand in operands))
        case _:
            return expr


def _is_filter(clause: Expr) -> bool:
    return isinstance(clause, Quantifier) and clause.kind is QuantifierKind.ALL


def _filters(clauses: Iterable[Expr]) -> Mapping[str, tuple[Expr, ...]]:
    found: dict[str, list[Expr]] = {}
    for clause in clauses:
        assert isinstance(clause, Quantifier)
        wanted = complement(predicate(clause))
        found.setdefault(clause.collection.name, []).extend(_conjuncts(wanted))
    return {name: tuple(dict.fromkeys(conditions)) for name, conditions in found.items()}


def _proven(units: Iterable[Expr]) -> Iterable[str]:
    """List facts whose type a clause shows by itself: equal to a constant or to what has a type.

    Numbers are not among them: no number is compared before its text is checked.
    """
    equal: set[str] = set()
    for clause in units:
        match clause:
            case Compare(CompareOp.EQ, FactRef(name), Literal(str() | bool()) | TenantName()):
                yield name
            case Compare(CompareOp.EQ, FactRef(name), FactRef(other)) if other not in equal:
                equal.add(name)
                yield name
