"""Check a condition's types from the leaves up, and build its expression on the way."""

from dataclasses import dataclass
from decimal import Decimal

from ringfence.ir.expression import And, Expr, IfElse, Literal, Not, Or
from ringfence.ir.schema import FactType
from ringfence.language.cel import arithmetic, calls, comparison, membership, names, refused
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.finding import Refused
from ringfence.language.cel.literals import literal_value
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.tokens import TokenKind
from ringfence.language.cel.value import (
    BOOLEAN,
    STRING,
    Choice,
    Value,
    boolean,
    describe,
    number_type,
    poison,
)

__all__ = ["Checker"]


@dataclass(kw_only=True)
class Checker(Checking):
    """Turn syntax into values, each form of it by the module that knows it."""

    def condition(self, syntax: Syntax) -> Expr:
        """Return the expression of a whole condition; valid only without findings."""
        value = self.boolean(syntax)
        if value.size > self.max_expanded:
            self.too_large(syntax)
        return value.expr

    def value(self, syntax: Syntax) -> Value:
        """Check one part of the condition."""
        match syntax.form:
            case Form.LITERAL:
                return self._literal(syntax)
            case Form.NAME:
                return names.resolve(self, syntax)
            case Form.AND | Form.OR:
                return self._junction(syntax)
            case Form.NOT:
                operand = self.boolean(syntax.operands[0])
                return boolean(syntax, negation(operand.expr), operand)
            case Form.TERNARY:
                return self._ternary(syntax)
            case Form.EQ | Form.NE | Form.LT | Form.LE | Form.GT | Form.GE:
                return comparison.compare(self, syntax)
            case Form.IN:
                return membership.member(self, syntax)
            case Form.ADD | Form.SUB | Form.MUL:
                return arithmetic.compute(self, syntax)
            case Form.NEGATE:
                return arithmetic.negate(self, syntax)
            case Form.CALL:
                return calls.function(self, syntax)
            case Form.METHOD:
                return calls.method(self, syntax)
            case _:
                return refused.refuse_form(self, syntax)

    def _junction(self, syntax: Syntax) -> Value:
        node: type[And] | type[Or] = And if syntax.form is Form.AND else Or
        parts = tuple(self.boolean(operand) for operand in syntax.operands)
        operands: list[Expr] = []
        for part in parts:
            operands.extend(part.expr.operands if isinstance(part.expr, node) else (part.expr,))
        return boolean(syntax, node(tuple(operands)), *parts)

    def _literal(self, syntax: Syntax) -> Value:
        token = self.tokens[syntax.words[0]]
        if token.kind is TokenKind.REFUSED:
            return refused.refuse_literal(self, syntax)
        try:
            value = literal_value(token)
        except Refused as error:
            self.findings.append(error.finding)
            return poison(syntax)
        return Value(syntax, _type_of(value), Literal(value))

    def _ternary(self, syntax: Syntax) -> Value:
        condition = self.boolean(syntax.operands[0])
        then, otherwise = map(self.value, syntax.operands[1:])
        if then.type is None or otherwise.type is None:
            return poison(syntax)
        if (then.type == BOOLEAN) != (otherwise.type == BOOLEAN):
            return self.refuse(
                syntax.operands[2],
                "RF209",
                f"one branch is {describe(then)}, the other {describe(otherwise)}",
                "give both branches one type",
            )
        # The later stages ask of the condition twice: is it shown, is it refuted.
        size = 1 + 2 * condition.size + then.size + otherwise.size
        if size > self.max_expanded:
            return self.too_large(syntax)
        if then.type == BOOLEAN:
            expr = IfElse(condition.expr, then.expr, otherwise.expr)
            return boolean(syntax, expr, size=size)
        choice = Choice(condition, then, otherwise)
        return Value(syntax, then.type, And(()), size, choice)


def negation(expr: Expr) -> Expr:
    """Return the negation of a boolean expression, without a double one."""
    return expr.operand if isinstance(expr, Not) else Not(expr)


def _type_of(value: bool | int | Decimal | str) -> FactType:
    if isinstance(value, bool):
        return BOOLEAN
    return STRING if isinstance(value, str) else number_type(value)
