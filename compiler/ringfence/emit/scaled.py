"""Arithmetic with decimals, written in whole numbers.

OPA calculates whole numbers exactly, and decimals in binary with 64 bits, where `1.1 + 2.2` is not `3.3`.
A decimal times a million is whole, and exact below 4.6e12; above, it may be off in its last digit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ringfence.ir.expression import Arithmetic, ArithmeticOp, CompareOp, Expr

__all__ = ["Scaled", "compared", "scaled"]

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Scaled:
    """A term for a number times ten to the power of `digits`, which is whole."""

    text: str
    digits: int = 0

    @classmethod
    def constant(cls, value: Decimal) -> "Scaled":
        """Scale a decimal that is written out."""
        return cls(str(int(value.scaleb(DIGITS))), DIGITS)

    @classmethod
    def term(cls, text: str) -> "Scaled":
        """Scale a term whose value may be a decimal."""
        return cls(f"round({text} * {10**DIGITS})", DIGITS)

    def to(self, digits: int) -> "Scaled":
        """Scale further."""
        if digits == self.digits:
            return self
        return Scaled(f"({self.text} * {10 ** (digits - self.digits)})", digits)


def scaled(expr: Expr, *, leaf: Callable[[Expr], Scaled]) -> Scaled:
    """Write an expression in whole numbers; `leaf` writes what is not calculated."""
    match expr:
        case Arithmetic(ArithmeticOp.MUL, left, right):
            one, other = scaled(left, leaf=leaf), scaled(right, leaf=leaf)
            return Scaled(f"({one.text} * {other.text})", one.digits + other.digits)
        case Arithmetic(op, left, right):
            one, other = _aligned(scaled(left, leaf=leaf), scaled(right, leaf=leaf))
            return Scaled(f"({one.text} {op} {other.text})", one.digits)
        case _:
            return leaf(expr)


def compared(op: CompareOp, left: Scaled, right: Scaled) -> str:
    """Write a comparison of the two numbers."""
    one, other = _aligned(left, right)
    return f"{one.text} {op} {other.text}"


def _aligned(left: Scaled, right: Scaled) -> tuple[Scaled, Scaled]:
    digits = max(left.digits, right.digits)
    return left.to(digits), right.to(digits)
