"""Simplify total expressions: by what stands beside a condition, and by what stands for missing.

`x is there and x == "a"` is `x == "a"`, since the value that stands for a missing fact is no "a".
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ringfence.emit.gate import is_missing_value
from ringfence.ir.expression import (
    And,
    Compare,
    CompareOp,
    Expr,
    FactRef,
    Has,
    ItemRef,
    Literal,
    Member,
    Or,
    Quantifier,
    StringTest,
    TenantName,
)
from ringfence.ir.logic import complement, conjunction, disjunction
from ringfence.ir.schema import Fact, FactType

__all__ = ["Simplifier", "given"]

Reference = FactRef | ItemRef
# An item of a list of scalars, whatever their type: it is there.
_SCALAR_ITEM = Fact(name="", required=True)


class Simplifier:
    """Simplify expressions over the facts of one decision point, and over the items of its lists."""

    def __init__(self, schema: Mapping[str, Fact], item: Mapping[str, Fact] | None = None) -> None:
        self._schema = schema
        self._item = item or {}

    def simplify(self, expr: Expr) -> Expr:
        """Return an expression that is true for the same facts."""
        match expr:
            case And(operands):
                return self._joined(conjunction(*map(self.simplify, operands)))
            case Or(operands):
                dual = self._joined(conjunction(*(complement(self.simplify(o)) for o in operands)))
                return complement(dual)
            case Quantifier(_, collection, _, body):
                fields = {field.name: field for field in self._schema[collection.name].type.fields}
                return replace(expr, body=Simplifier(self._schema, fields).simplify(body))
            case _:
                return expr

    def proven(self, clause: Expr) -> Iterable[Reference]:
        """List the references that a clause shows to be there: no such value stands for missing."""
        match clause:
            case Compare(CompareOp.EQ, (FactRef() | ItemRef()) as one, other):
                if self._is_within(other, self._type(one)):
                    yield one
            case Compare(CompareOp.GE, (FactRef() | ItemRef()) as one, Literal(int(value))):
                if value >= self._type(one).minimum:
                    yield one
            case Member((FactRef() | ItemRef()) as one, Literal(tuple(values))):
                if not any(is_missing_value(self._type(one), value) for value in values):
                    yield one
            case StringTest(_, (FactRef() | ItemRef()) as one, Literal(str(text))) if text:
                yield one

    def _joined(self, expr: Expr) -> Expr:
        """Simplify the operands of a conjunction by each other."""
        if not isinstance(expr, And):
            return expr
        units = [operand for operand in expr.operands if not isinstance(operand, Or)]
        proven = {one for unit in units for one in self.proven(unit)}
        rest = [
            operand
            for operand in expr.operands
            if not (isinstance(operand, Has) and operand.operand in proven)
        ]
        known: set[Expr] = {*units, *(Has(one) for one in proven)}
        found = conjunction(*(o if o in known else given(o, known) for o in rest))
        return found if found == expr else self._joined(found)

    def _is_within(self, expr: Expr, kind: FactType) -> bool:
        """Tell whether an expression always has a value other than the one that stands for missing."""
        match expr:
            case Literal(value):
                return not is_missing_value(kind, value)
            case FactRef() | ItemRef():
                return self._fact(expr).required and self._type(expr).minimum >= kind.minimum
            case _:
                return isinstance(expr, TenantName)

    def _type(self, one: Reference) -> FactType:
        return self._fact(one).type

    def _fact(self, one: Reference) -> Fact:
        if isinstance(one, FactRef):
            return self._schema[one.name]
        return self._item[one.field] if one.field else _SCALAR_ITEM


def given(expr: Expr, known: set[Expr]) -> Expr:
    """Return what is left of an expression where some others hold."""
    if expr in known:
        return And(())
    if complement(expr) in known:
        return Or(())
    match expr:
        case And(operands):
            return conjunction(*(given(operand, known) for operand in operands))
        case Or(operands):
            return disjunction(*(given(operand, known) for operand in operands))
        case _:
            return expr
