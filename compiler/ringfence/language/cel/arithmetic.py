"""Check `+`, `-` and `*` on numbers, durations and times; fold what is constant."""

from decimal import Decimal

from ringfence.ir.expression import Arithmetic, ArithmeticOp, Literal
from ringfence.ir.schema import MAX_INTEGER, FactType, Scalar
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.value import (
    DECIMAL,
    DURATION,
    INTEGER,
    TIMESTAMP,
    Value,
    describe,
    poison,
)

__all__ = ["compute", "negate"]

_OPS = {
    Form.ADD: ArithmeticOp.ADD,
    Form.SUB: ArithmeticOp.SUB,
    Form.MUL: ArithmeticOp.MUL,
}
_ADD, _SUB = ArithmeticOp.ADD, ArithmeticOp.SUB
# What is not listed has no result.
_TIMES = {
    (_ADD, Scalar.DURATION, Scalar.DURATION): DURATION,
    (_SUB, Scalar.DURATION, Scalar.DURATION): DURATION,
    (_ADD, Scalar.TIMESTAMP, Scalar.DURATION): TIMESTAMP,
    (_ADD, Scalar.DURATION, Scalar.TIMESTAMP): TIMESTAMP,
    (_SUB, Scalar.TIMESTAMP, Scalar.DURATION): TIMESTAMP,
    (_SUB, Scalar.TIMESTAMP, Scalar.TIMESTAMP): DURATION,
}
_NUMBERS = (Scalar.INTEGER, Scalar.DECIMAL)


def compute(checking: Checking, syntax: Syntax) -> Value:
    """Check `left op right` on numbers, durations and times."""
    left, right = map(checking.value, syntax.operands)
    if left.type is None or right.type is None:
        return poison(syntax)
    op = _OPS[syntax.form]
    for side in (left, right):
        if side.choice is not None:
            return _choice(checking, side)
        if side.type is not None and (side.type.is_list or not side.type.scalar.is_number):
            return _not_a_number(checking, op, side)
    type_ = _result(op, left.type, right.type)
    if type_ is None:
        return checking.refuse(
            syntax,
            "RF209",
            f"`{op}` does not apply to {describe(left)} and {describe(right)}",
            _advice(op, left.type, right.type),
        )
    if isinstance(left.expr, Literal) and isinstance(right.expr, Literal):
        return _fold(checking, syntax, op, left, right, type_)
    expr = Arithmetic(op, left.expr, right.expr)
    return Value(syntax, type_, expr, 1 + left.size + right.size)


def _result(op: ArithmeticOp, left: FactType, right: FactType) -> FactType | None:
    if left.scalar in _NUMBERS and right.scalar in _NUMBERS:
        return INTEGER if left.scalar is right.scalar is Scalar.INTEGER else DECIMAL
    return _TIMES.get((op, left.scalar, right.scalar))


def _advice(op: ArithmeticOp, left: FactType, right: FactType) -> str:
    if op is ArithmeticOp.MUL:
        return "only numbers are multiplied; write the duration out"
    if left.scalar in _NUMBERS or right.scalar in _NUMBERS:
        return 'write seconds as `duration("5s")`'
    if op is ArithmeticOp.ADD:
        return "add a duration to a timestamp, or subtract two timestamps"
    return "subtract a duration from a timestamp, or two timestamps"


def _not_a_number(checking: Checking, op: ArithmeticOp, side: Value) -> Value:
    assert side.type is not None
    hint = "write numbers, durations or timestamps"
    if op is ArithmeticOp.ADD and side.type.scalar in (Scalar.STRING, Scalar.ENUM):
        hint = "text is not joined: compare the parts, or write `startsWith`, `endsWith`, `matches`"
    return checking.refuse(
        side.syntax,
        "RF209",
        f"`{op}` does not apply to `{checking.source(side.syntax)}`, {describe(side)}",
        hint,
    )


def _choice(checking: Checking, side: Value) -> Value:
    return checking.refuse(
        side.syntax,
        "RF208",
        "a ternary that yields a value can't be calculated with",
        "compare it directly, or put the ternary around the whole comparison: `c ? a : b`",
    )


def negate(checking: Checking, syntax: Syntax) -> Value:
    """Check `-x`, which is `0 - x`."""
    operand = checking.value(syntax.operands[0])
    if operand.type is None:
        return operand
    if operand.choice is not None:
        return _choice(checking, operand)
    if operand.type.is_list or operand.type.scalar not in _NUMBERS:
        return checking.refuse(
            syntax,
            "RF209",
            f"`-` does not apply to `{checking.source(operand.syntax)}`, {describe(operand)}",
            "only numbers are negated; subtract durations: `a - b`",
        )
    if isinstance(operand.expr, Literal) and not isinstance(operand.expr.value, (str, tuple)):
        return Value(syntax, operand.type, Literal(-operand.expr.value))
    expr = Arithmetic(ArithmeticOp.SUB, Literal(0), operand.expr)
    return Value(syntax, operand.type, expr, 2 + operand.size)


def _fold(
    checking: Checking, syntax: Syntax, op: ArithmeticOp, left: Value, right: Value, type_: FactType
) -> Value:
    first, second = (Decimal(str(_number(side))) for side in (left, right))
    result = {
        ArithmeticOp.ADD: first + second,
        ArithmeticOp.SUB: first - second,
        ArithmeticOp.MUL: first * second,
    }[op]
    millionths = result * 1_000_000
    if abs(result) > MAX_INTEGER or millionths != millionths.to_integral_value():
        return checking.refuse(
            syntax,
            "RF204",
            f"`{checking.source(syntax)}` has more than 15 digits before the point or 6 after it",
            "write smaller or rounder numbers",
        )
    if type_ is DECIMAL:
        return Value(syntax, type_, Literal(_plain(result)))
    return Value(syntax, type_, Literal(int(result)))


def _number(side: Value) -> int | Decimal:
    assert isinstance(side.expr, Literal)
    assert isinstance(side.expr.value, (int, Decimal))
    return side.expr.value


def _plain(number: Decimal) -> Decimal:
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
