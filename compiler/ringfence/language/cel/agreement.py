"""Decide whether two values have one type, and bring a constant to the type of the other."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from ringfence.ir.expression import Literal
from ringfence.ir.schema import FactType, Scalar
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.syntax import Syntax
from ringfence.language.cel.value import Value, describe, family
from ringfence.language.suggest import did_you_mean

__all__ = ["agree", "fitted"]


def agree(
    checking: Checking, syntax: Syntax, left: Value, right: Value
) -> tuple[Value, Value] | None:
    """Return both values in one type, or report that they have none; a constant is on the right."""
    assert left.type is not None
    if right.is_constant:
        constant = fitted(checking, right, left)
        return None if constant is None else (left, constant)
    assert right.type is not None
    if family(left.type) != family(right.type):
        checking.refuse(
            syntax,
            "RF209",
            f"`{checking.source(left.syntax)}` is {describe(left)}, "
            f"`{checking.source(right.syntax)}` {describe(right)}",
            "compare values of one type",
        )
        return None
    both = left.type.values and right.type.values
    if both and not set(left.type.values) & set(right.type.values):
        checking.refuse(
            syntax,
            "RF210",
            f"`{checking.source(left.syntax)}` and `{checking.source(right.syntax)}` "
            "have no value in common",
            f"the values are {_quoted(left.type)} and {_quoted(right.type)}",
        )
        return None
    return left, right


def fitted(checking: Checking, constant: Value, other: Value) -> Value | None:
    """Return a constant as a value of the other's type, or report why it can't be one."""
    assert isinstance(constant.expr, Literal)
    assert constant.type is not None
    assert other.type is not None
    if family(constant.type) != family(other.type):
        checking.refuse(
            constant.syntax,
            "RF209",
            f"`{checking.source(other.syntax)}` is {describe(other)}, "
            f"`{checking.source(constant.syntax)}` {describe(constant)}",
            _conversion(constant, other),
        )
        return None
    value = constant.expr.value
    if other.type.scalar is Scalar.ENUM and value not in other.type.values:
        near = did_you_mean(str(value), other.type.values)
        checking.refuse(
            constant.syntax,
            "RF210",
            f"`{checking.source(other.syntax)}` is never `{_short(str(value))}`",
            (f'did you mean `"{near}"`? ' if near else "")
            + f"the values are {_quoted(other.type)}",
        )
        return None
    if value == "":
        checking.refuse(
            constant.syntax,
            "RF219",
            f"`{checking.source(other.syntax)}` is never empty",
            "an empty text is refused as a fact; ask an optional fact by `has(…)`",
        )
        return None
    if other.type.scalar is Scalar.DECIMAL and type(value) is int:
        return replace(constant, expr=Literal(Decimal(value)))
    if other.type.scalar is Scalar.INTEGER and isinstance(value, Decimal) and value % 1 == 0:
        return replace(constant, expr=Literal(int(value)))
    return constant


def _conversion(constant: Value, other: Value) -> str:
    assert isinstance(constant.expr, Literal)
    assert other.type is not None
    value = constant.expr.value
    match other.type.scalar, value:
        case Scalar.DURATION, int() if value >= 0 and not isinstance(value, bool):
            return f'write `duration("{value}s")`, or a larger unit: s, m, h, d'
        case Scalar.DURATION, _:
            return 'write `duration("15m")`; the units are s, m, h and d'
        case Scalar.TIMESTAMP, int() if 0 <= value < 2**36 and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
            return f'write `timestamp("{moment:%Y-%m-%dT%H:%M:%SZ}")`'
        case Scalar.TIMESTAMP, _:
            return 'write `timestamp("2026-11-20T09:00:00Z")`'
        case Scalar.BOOLEAN, "true" | "false":
            return f"write `{value}` without quotes"
        case Scalar.INTEGER | Scalar.DECIMAL, str():
            return "write the number without quotes"
        case Scalar.STRING | Scalar.ENUM, int() | Decimal():
            return "put text in quotes"
    return "compare values of one type"


def _quoted(type_: FactType) -> str:
    return ", ".join(f'`"{value}"`' for value in type_.values)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
