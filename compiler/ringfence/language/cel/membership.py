"""Check `x in list`: a list that is written out, a list parameter, or a list fact."""

from ringfence.ir.expression import Literal, Member
from ringfence.language.cel.agreement import agree, fitted
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.value import Value, boolean, describe, item_type, poison

__all__ = ["MAX_LIST", "member"]

MAX_LIST = 64


def member(checking: Checking, syntax: Syntax) -> Value:
    """Check `item in collection`."""
    item = checking.value(syntax.operands[0])
    if item.choice is not None:
        item = checking.refuse(
            item.syntax,
            "RF208",
            "a ternary that yields a value can't stand before `in`",
            "put the ternary around the whole test: `c ? a in x : b in x`",
        )
    if item.type is not None and item.type.is_list:
        name = checking.source(item.syntax)
        item = checking.refuse(
            item.syntax,
            "RF207",
            f"`{name}` is {describe(item)}, not one value",
            f"write `{name}.all(x, x in …)` or `{name}.exists(x, x in …)`",
        )
    collection = syntax.operands[1]
    if collection.form is Form.LIST:
        return _written(checking, syntax, item, collection)
    return _named(checking, syntax, item, checking.value(collection))


def _written(checking: Checking, syntax: Syntax, item: Value, collection: Syntax) -> Value:
    if len(collection.operands) > MAX_LIST:
        return checking.refuse(
            collection,
            "RF201",
            f"list has {len(collection.operands)} items, more than {MAX_LIST}",
            "put the values into a list parameter and write `in params.…`",
        )
    if not collection.operands:
        return checking.refuse(
            collection, "RF219", "nothing is in an empty list", "name the values, or write `false`"
        )
    found: dict[object, Value] = {}
    for operand in collection.operands:
        value = checking.value(operand)
        if value.type is None:
            continue
        if not value.is_constant or not isinstance(value.expr, Literal):
            checking.refuse(
                operand,
                "RF208",
                f"`{checking.source(operand)}` is not a constant",
                "lists that are written out hold constants; write `x == … || x in […]`",
            )
        elif item.type is not None and (fit := fitted(checking, value, item)) is not None:
            assert isinstance(fit.expr, Literal)
            if fit.expr.value in found:
                checking.refuse(
                    operand,
                    "RF219",
                    f"`{checking.source(operand)}` is listed twice",
                    "remove one of them",
                )
            found[fit.expr.value] = fit
    if item.type is None or len(found) != len(collection.operands):
        return poison(syntax)
    return _constant_item(checking, syntax, item) or _member(checking, syntax, item, found)


def _constant_item(checking: Checking, syntax: Syntax, item: Value) -> Value | None:
    if not item.is_constant:
        return None
    return checking.refuse(
        syntax, "RF219", "both sides are constants", "test a fact, or remove the test"
    )


def _member(checking: Checking, syntax: Syntax, item: Value, found: dict[object, Value]) -> Value:
    assert item.type is not None
    if item.type.scalar == "boolean":
        return checking.refuse(
            syntax, "RF209", "`in` does not apply to true and false", "write the condition itself"
        )
    values = tuple(value for value in found if not isinstance(value, bool))
    return boolean(syntax, Member(item.expr, Literal(values)), item, *found.values())  # type: ignore[arg-type]  # reason: keys are literal values


def _named(checking: Checking, syntax: Syntax, item: Value, collection: Value) -> Value:
    if item.type is None or collection.type is None:
        return poison(syntax)
    name = checking.source(collection.syntax)
    if collection.type.is_records:
        return checking.refuse(
            collection.syntax,
            "RF207",
            f"`{name}` is a list of records",
            f"write `{name}.exists(r, r.… == {checking.source(item.syntax)})`",
        )
    if not collection.type.many:
        hint = "write `==`, or name a list"
        if collection.type.scalar in ("string", "enum"):
            hint = f"write `{name}.contains(…)` for a part of a text, or `==`"
        return checking.refuse(
            collection.syntax, "RF209", f"`{name}` is {describe(collection)}, not a list", hint
        )
    one = Value(collection.syntax, item_type(collection.type), collection.expr)
    if item.is_constant:
        fit = fitted(checking, item, one)
        if fit is None:
            return poison(syntax)
        return boolean(syntax, Member(fit.expr, collection.expr), item, collection)
    if agree(checking, syntax, item, one) is None:
        return poison(syntax)
    return boolean(syntax, Member(item.expr, collection.expr), item, collection)
