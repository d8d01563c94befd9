"""Check a condition's types from the leaves up, and build its expression on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from ringfence.ir.expression import And, Expr, IfElse, Literal, Not, Or
from ringfence.ir.schema import Fact, FactType
from ringfence.language.cel import arithmetic, calls, comparison, membership, names, refused
from ringfence.language.cel.finding import Finding, Refused
from ringfence.language.cel.literals import literal_value
from ringfence.language.cel.scope import ConditionScope
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.tokens import Token, TokenKind
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

__all__ = ["MAX_EXPANDED", "Checker"]

MAX_EXPANDED = 1024


@dataclass(kw_only=True)
class Checker:
    """Turn syntax into values; mistakes are collected, and checking goes on beside them.

    `variable` and `items` are the quantifier's variable and the list it runs over.
    """

    tokens: tuple[Token, ...]
    text: str
    scope: ConditionScope
    findings: list[Finding] = field(default_factory=list)
    quantifiers: int = 0
    variable: str = ""
    items: Fact | None = None
    max_expanded: int = MAX_EXPANDED

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Map dotted names to the facts of the decision point."""
        return self.scope.point.by_name()

    def condition(self, syntax: Syntax) -> Expr:
        """Return the expression of a whole condition; valid only without findings."""
        value = self.boolean(syntax)
        if value.size > self.max_expanded:
            self.too_large(syntax)
        return value.expr

    def refuse(self, syntax: Syntax, code: str, message: str, help: str) -> Value:
        """Report a mistake at a part of the text."""
        start, end = self.tokens[syntax.first].start, self.tokens[syntax.last].end
        self.findings.append(Finding(code, start, end, message, help))
        return poison(syntax)

    def refuse_token(self, syntax: Syntax, index: int, code: str, message: str, help: str) -> Value:
        """Report a mistake at one token of a part."""
        token = self.tokens[index]
        self.findings.append(Finding(code, token.start, token.end, message, help))
        return poison(syntax)

    def too_large(self, syntax: Syntax) -> Value:
        """Report a condition that its ternaries multiply."""
        return self.refuse(
            syntax,
            "RF201",
            "the ternaries of this condition expand to too many cases",
            "split it into several rules, each with its own `where`",
        )

    def source(self, syntax: Syntax) -> str:
        """Return the text of a part on one line, shortened for a message."""
        text = self.text[self.tokens[syntax.first].start : self.tokens[syntax.last].end]
        line = " ".join(text.split())
        return line if len(line) <= 60 else line[:59] + "…"

    def words(self, syntax: Syntax) -> tuple[str, ...]:
        """Return the names of a part."""
        return tuple(self.tokens[index].text for index in syntax.words)

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

    def boolean(self, syntax: Syntax) -> Value:
        """Check a part that must be true or false."""
        value = self.value(syntax)
        if value.type is None or value.type == BOOLEAN:
            return value
        hint = "compare it, such as `… == …`"
        if value.type.is_list:
            hint = f"write `size({self.source(syntax)}) > 0` to ask whether it has items"
        elif value.choice is not None:
            hint = "compare the ternary: `(c ? a : b) == …`"
        return self.refuse(
            syntax,
            "RF212",
            f"`{self.source(syntax)}` is {describe(value)}, not true or false",
            hint,
        )

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
