"""Lift numbers out of tenants' rules, so that rules that differ only in numbers are one shape."""

from collections.abc import Sequence
from dataclasses import replace

from ringfence.ir.expression import Compare, CompareOp, Expr, Lifted, Literal
from ringfence.ir.logic import rewrite
from ringfence.ir.rule import Rule

__all__ = ["lift"]

_ORDERED = frozenset({CompareOp.LT, CompareOp.LE, CompareOp.GT, CompareOp.GE})


def lift(rules: Sequence[Rule]) -> tuple[tuple[Rule, ...], tuple[object, ...]]:
    """Return the rules with ordered number constants replaced, and the numbers in order.

    Equality stays inline, where OPA's rule index finds it.
    """
    numbers: list[object] = []

    def change(expr: Expr) -> Expr | None:
        match expr:
            case Compare(op, left, Literal(value)) if op in _ORDERED and not isinstance(
                value, (str, bool, tuple)
            ):
                numbers.append(value)
                return Compare(op, rewrite(left, change), Lifted(len(numbers) - 1))
            case _:
                return None

    lifted = tuple(
        replace(rule, where=rewrite(rule.where, change), require=rewrite(rule.require, change))
        for rule in rules
    )
    return lifted, tuple(numbers)
