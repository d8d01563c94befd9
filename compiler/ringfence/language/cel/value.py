"""What the checks know of a part of a condition: its expression and its type."""

from dataclasses import dataclass, replace
from decimal import Decimal

from ringfence.ir.expression import And, Expr, Literal
from ringfence.ir.schema import FactType, Scalar
from ringfence.language.cel.scope import ParamType
from ringfence.language.cel.syntax import Syntax

__all__ = [
    "BOOLEAN",
    "Choice",
    "Value",
    "boolean",
    "describe",
    "family",
    "item_type",
    "param_type",
    "poison",
]

BOOLEAN = FactType(scalar=Scalar.BOOLEAN)
DURATION = FactType(scalar=Scalar.DURATION)
TIMESTAMP = FactType(scalar=Scalar.TIMESTAMP)
STRING = FactType(scalar=Scalar.STRING)
INTEGER = FactType(scalar=Scalar.INTEGER)
DECIMAL = FactType(scalar=Scalar.DECIMAL)

_FAMILIES = {
    Scalar.INTEGER: "number",
    Scalar.DECIMAL: "number",
    Scalar.STRING: "text",
    Scalar.ENUM: "text",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A checked part of a condition.

    `type` is None where a mistake was already reported, so that nothing is reported twice.
    `size` counts the nodes of the expression when written out as a tree, ternaries as the later
    stages expand them. `choice` is set for a ternary that yields a value.
    """

    syntax: Syntax
    type: FactType | None
    expr: Expr
    size: int = 1
    choice: "Choice | None" = None

    @property
    def is_constant(self) -> bool:
        """Tell whether the value is written out."""
        return isinstance(self.expr, Literal)


@dataclass(frozen=True, slots=True)
class Choice:
    """A ternary whose branches are values that are not boolean."""

    condition: Value
    then: Value
    otherwise: Value


def poison(syntax: Syntax) -> Value:
    """Return the value of a part whose mistake was reported."""
    return Value(syntax, None, And(()))


def boolean(syntax: Syntax, expr: Expr, *parts: Value, size: int = 0) -> Value:
    """Return a boolean value that is built from parts; `size` replaces the sum of theirs."""
    return Value(syntax, BOOLEAN, expr, size or 1 + sum(part.size for part in parts))


def family(type_: FactType) -> str:
    """Name the group of scalar types whose values compare with each other."""
    return _FAMILIES.get(type_.scalar, type_.scalar.value)


def item_type(type_: FactType) -> FactType:
    """Return the type of one item of a list of scalars."""
    return replace(type_, many=False)


def param_type(param: ParamType) -> FactType:
    """Return a parameter's type in the terms of facts."""
    return FactType(
        scalar=param.scalar, many=param.many, values=param.values, ordered=param.ordered
    )


def describe(value: Value) -> str:
    """Name a value's type in a message, with its article."""
    assert value.type is not None
    if value.type.is_records:
        return "a list of records"
    if value.type.many:
        return f"a list of {value.type.scalar.value}s"
    noun = "string" if _is_text(value) else value.type.scalar.value
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _is_text(value: Value) -> bool:
    return isinstance(value.expr, Literal) and isinstance(value.expr.value, str)


def number_type(number: int | Decimal) -> FactType:
    """Return the type of a number that is written out."""
    return DECIMAL if isinstance(number, Decimal) else INTEGER
