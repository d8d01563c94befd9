"""Check comparisons: only values of one type compare, and only where they have that order."""

from ringfence.ir.expression import (
    Compare,
    CompareOp,
    Derived,
    Expr,
    FactRef,
    IfElse,
    ItemRef,
    Literal,
    Member,
    Not,
    ParamRef,
)
from ringfence.ir.schema import Scalar
from ringfence.language.cel.agreement import agree
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.value import Value, boolean, describe, family, poison

__all__ = ["compare"]

_OPS = {
    Form.EQ: CompareOp.EQ,
    Form.NE: CompareOp.NE,
    Form.LT: CompareOp.LT,
    Form.LE: CompareOp.LE,
    Form.GT: CompareOp.GT,
    Form.GE: CompareOp.GE,
}
_MIRRORED = {
    CompareOp.EQ: CompareOp.EQ,
    CompareOp.NE: CompareOp.NE,
    CompareOp.LT: CompareOp.GT,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.GE: CompareOp.LE,
}
_EQUALITY = (CompareOp.EQ, CompareOp.NE)
_ORDERED = ("number", "duration", "timestamp")


def compare(checking: Checking, syntax: Syntax) -> Value:
    """Check `left op right`."""
    for operand, other in (syntax.operands, syntax.operands[::-1]):
        if operand.form is Form.LIST:
            return _written_list(checking, operand, other)
    left, right = map(checking.value, syntax.operands)
    return _distribute(checking, syntax, _OPS[syntax.form], left, right)


def _distribute(
    checking: Checking, syntax: Syntax, op: CompareOp, left: Value, right: Value
) -> Value:
    """Turn `(c ? a : b) op x` into `c ? a op x : b op x`."""
    if left.type is None or right.type is None:
        return poison(syntax)
    choice = left.choice or right.choice
    if choice is None:
        return _compare(checking, syntax, op, left, right)
    if left.size * right.size > checking.max_expanded:
        return checking.too_large(syntax)
    first, second = (
        _distribute(
            checking, syntax, op, branch if left.choice else left, right if left.choice else branch
        )
        for branch in (choice.then, choice.otherwise)
    )
    if first.type is None or second.type is None:
        return poison(syntax)
    size = 1 + 2 * choice.condition.size + first.size + second.size
    if size > checking.max_expanded:
        return checking.too_large(syntax)
    return boolean(syntax, IfElse(choice.condition.expr, first.expr, second.expr), size=size)


def _compare(checking: Checking, syntax: Syntax, op: CompareOp, left: Value, right: Value) -> Value:
    for side in (left, right):
        if side.type is not None and side.type.is_list:
            return _list(checking, side)
    if left.is_constant and right.is_constant:
        return checking.refuse(
            syntax, "RF219", "both sides are constants", "compare a fact, or remove the comparison"
        )
    if left.expr == right.expr:
        return checking.refuse(
            syntax,
            "RF219",
            f"`{checking.source(left.syntax)}` is compared with itself",
            "compare it with another value, or ask `has(…)` whether it is present",
        )
    if left.is_constant:
        op, left, right = _MIRRORED[op], right, left
    agreed = agree(checking, syntax, left, right)
    if agreed is None:
        return poison(syntax)
    return _typed(checking, syntax, op, *agreed)


def _typed(checking: Checking, syntax: Syntax, op: CompareOp, left: Value, right: Value) -> Value:
    assert left.type is not None
    kind = family(left.type)
    if op in _EQUALITY:
        if kind == "boolean":
            return _booleans(checking, syntax, op, left, right)
    elif kind == "text":
        return _ranked(checking, syntax, op, left, right)
    elif kind not in _ORDERED:
        return checking.refuse(
            syntax,
            "RF211",
            f"`{op}` does not apply to `{checking.source(left.syntax)}`, {describe(left)}",
            "write `==` or `!=`, or the condition itself",
        )
    return boolean(syntax, Compare(op, left.expr, right.expr), left, right)


def _booleans(
    checking: Checking, syntax: Syntax, op: CompareOp, left: Value, right: Value
) -> Value:
    """Lower `a == b` of two conditions to logic, so that each keeps its own missing facts."""
    same = op is CompareOp.EQ
    if isinstance(right.expr, Literal):
        wanted = bool(right.expr.value) == same
        return boolean(syntax, left.expr if wanted else Not(left.expr), left)
    plain = (FactRef, ItemRef, ParamRef, Derived)
    if isinstance(left.expr, plain) and isinstance(right.expr, plain):
        return boolean(syntax, Compare(op, left.expr, right.expr), left, right)
    size = 2 + 2 * left.size + 2 * right.size
    if size > checking.max_expanded:
        return checking.too_large(syntax)
    yes, no = (right.expr, Not(right.expr)) if same else (Not(right.expr), right.expr)
    return boolean(syntax, IfElse(left.expr, yes, no), size=size)


def _ranked(checking: Checking, syntax: Syntax, op: CompareOp, left: Value, right: Value) -> Value:
    """Lower an order of enum values to the values that satisfy it."""
    assert left.type is not None
    assert right.type is not None
    for side in (left, right):
        if side.is_constant:
            continue
        assert side.type is not None
        if side.type.scalar is not Scalar.ENUM or not side.type.ordered:
            return _unordered(checking, syntax, op, side)
    values = left.type.values
    if isinstance(right.expr, Literal):
        kept = _satisfying(values, op, str(right.expr.value))
        if len(kept) in (0, len(values)):
            return checking.refuse(
                syntax,
                "RF219",
                f"`{checking.source(syntax)}` is {'always' if kept else 'never'} true",
                f"the values are, ascending: {_listed(values)}",
            )
        if len(kept) == 1:
            return boolean(syntax, Compare(CompareOp.EQ, left.expr, Literal(kept[0])), left, right)
        return boolean(syntax, Member(left.expr, Literal(kept)), left, right)
    if values != right.type.values:
        return checking.refuse(
            syntax,
            "RF211",
            "the two sides have different orders of values",
            f"the left has {_listed(values)}; the right {_listed(right.type.values)}",
        )
    return _ranked_by_cases(checking, syntax, op, left, right)


def _ranked_by_cases(
    checking: Checking, syntax: Syntax, op: CompareOp, left: Value, right: Value
) -> Value:
    """Ask for the right side's value step by step, and for the left one in every branch.

    No branch has an answer while either side is missing; a disjunction would have one.
    """
    assert right.type is not None
    *others, last = right.type.values
    expr: Expr = Member(left.expr, Literal(_satisfying(right.type.values, op, last)))
    for value in reversed(others):
        expr = IfElse(
            Compare(CompareOp.EQ, right.expr, Literal(value)),
            Member(left.expr, Literal(_satisfying(right.type.values, op, value))),
            expr,
        )
    size = 10 * len(others) + 3
    if size > checking.max_expanded:
        return checking.too_large(syntax)
    return boolean(syntax, expr, size=size)


def _satisfying(values: tuple[str, ...], op: CompareOp, limit: str) -> tuple[str, ...]:
    at = values.index(limit)
    match op:
        case CompareOp.LT:
            return values[:at]
        case CompareOp.LE:
            return values[: at + 1]
        case CompareOp.GT:
            return values[at + 1 :]
        case _:
            return values[at:]


def _unordered(checking: Checking, syntax: Syntax, op: CompareOp, side: Value) -> Value:
    assert side.type is not None
    name = checking.source(side.syntax)
    hint = "write `==`, `in`, `startsWith` or `matches`"
    if side.type.values:
        hint = f"name the values: `{name} in [{_listed(side.type.values[:2], quote='')}, …]`"
    return checking.refuse(
        syntax, "RF211", f"the values of `{name}` have no order, so `{op}` does not apply", hint
    )


def _list(checking: Checking, side: Value) -> Value:
    name = checking.source(side.syntax)
    hint = f"write `… in {name}`"
    if not isinstance(side.expr, ParamRef):
        hint += f", `size({name}) == …` or `{name}.all(x, …)`"
    return checking.refuse(
        side.syntax, "RF207", f"`{name}` is {describe(side)}, which does not compare", hint
    )


def _written_list(checking: Checking, operand: Syntax, other: Syntax) -> Value:
    name = checking.source(other)
    hint = (
        f"write `{name}.all(x, x in {checking.source(operand)})`, or `{name} in […]` for one value"
    )
    if not operand.operands:
        hint = f"write `size({name}) == 0`"
    return checking.refuse(operand, "RF207", "lists do not compare", hint)


def _listed(values: tuple[str, ...], *, quote: str = "`") -> str:
    return ", ".join(f'{quote}"{value}"{quote}' for value in values)
