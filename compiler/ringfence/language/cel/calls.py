"""Check calls of the functions and methods that the language has."""

from ringfence.ir.expression import (
    FactRef,
    Has,
    ItemRef,
    Literal,
    Matches,
    Size,
    StringTest,
    StringTestOp,
)
from ringfence.ir.schema import Fact
from ringfence.language.cel import names, quantifier, refused
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.pattern import check_pattern
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.value import (
    DURATION,
    INTEGER,
    TIMESTAMP,
    Value,
    boolean,
    describe,
    family,
    poison,
)
from ringfence.language.values import parse_duration, parse_timestamp

__all__ = ["function", "method"]


def function(checking: Checking, syntax: Syntax) -> Value:
    """Check `name(arguments)`."""
    (name,) = checking.words(syntax)
    if name not in refused.FUNCTIONS:
        return refused.refuse_function(checking, syntax)
    if len(syntax.operands) != 1:
        return _count(checking, syntax, name, 1)
    argument = syntax.operands[0]
    match name:
        case "has":
            return _has(checking, syntax, argument)
        case "size":
            return _size(checking, syntax, argument)
        case _:
            return _time(checking, syntax, name, argument)


def method(checking: Checking, syntax: Syntax) -> Value:
    """Check `receiver.name(arguments)`."""
    (name,) = checking.words(syntax)
    receiver, *arguments = syntax.operands
    if name not in refused.METHODS:
        return refused.refuse_method(checking, syntax)
    due = {"size": 0, "exists": 2, "all": 2}.get(name, 1)
    if len(arguments) != due:
        return _count(checking, syntax, name, due)
    match name:
        case "size":
            return _size(checking, syntax, receiver)
        case "exists" | "all":
            return quantifier.quantify(checking, syntax, name)
        case "matches":
            return _matches(checking, syntax, receiver, arguments[0])
        case _:
            return _string_test(checking, syntax, StringTestOp(name), receiver, arguments[0])


def _count(checking: Checking, syntax: Syntax, name: str, due: int) -> Value:
    hint = {
        "exists": "write `.exists(x, …)`, with a name for the item and a condition",
        "all": "write `.all(x, …)`, with a name for the item and a condition",
        "has": "write `has(facts.…)`",
        "size": "write `size(…)` or `….size()`",
    }.get(name, f'write `{name}("…")`')
    given = len(syntax.operands) - (syntax.form is Form.METHOD)
    noun = "argument" if due == 1 else "arguments"
    return checking.refuse_token(
        syntax, syntax.words[0], "RF209", f"`{name}` takes {due} {noun}, not {given}", hint
    )


def _has(checking: Checking, syntax: Syntax, argument: Syntax) -> Value:
    if argument.form is not Form.NAME:
        return checking.refuse(
            argument, "RF209", "`has` asks for a fact or a field", "write `has(facts.…)`"
        )
    root, *rest = checking.words(argument)
    name = ".".join(rest)
    operand: FactRef | ItemRef
    if checking.variable and root == checking.variable:
        fact, operand = names.field_of(checking, name), ItemRef(root, name)
    elif root == "facts":
        fact, operand = checking.facts.get(name), FactRef(name)
    else:
        fact, operand = None, FactRef(name)
    if fact is None:
        return _no_presence(checking, argument, root)
    if fact.required:
        return _always(checking, syntax, argument)
    if not names.usable(checking, argument, fact):
        return poison(syntax)
    return boolean(syntax, Has(operand))


def _always(checking: Checking, syntax: Syntax, argument: Syntax) -> Value:
    return checking.refuse(
        syntax,
        "RF215",
        f"`{checking.source(argument)}` is always present",
        "remove the `has`",
    )


def _no_presence(checking: Checking, argument: Syntax, root: str) -> Value:
    if root == "facts" and any(checking.words(argument)[1:]):
        below = f"{'.'.join(checking.words(argument)[1:])}."
        inside = [fact for fact in checking.facts.values() if fact.name.startswith(below)]
        if inside:
            return checking.refuse(argument, *_of_object(checking, argument, inside))
    value = names.resolve(checking, argument)
    if value.type is None:
        return value
    return _always(checking, argument, argument)


def _of_object(checking: Checking, argument: Syntax, inside: list[Fact]) -> tuple[str, str, str]:
    shown = next((fact for fact in inside if not fact.required), inside[0])
    return (
        "RF207",
        f"`{checking.source(argument)}` is not a value",
        f"ask for one of its facts: `has(facts.{shown.name})`",
    )


def _size(checking: Checking, syntax: Syntax, argument: Syntax) -> Value:
    if argument.form is Form.LIST:
        return checking.refuse(argument, "RF219", "its size is known", "write the number")
    value = checking.value(argument)
    if value.type is None:
        return poison(syntax)
    name = checking.source(argument)
    if value.is_constant:
        return checking.refuse(argument, "RF219", "its size is known", "write the number")
    if value.choice is not None or not (value.type.is_list or family(value.type) == "text"):
        return checking.refuse(
            argument,
            "RF209",
            f"`{name}` is {describe(value)} and has no size",
            "write `size` of a text or a list",
        )
    if value.type.is_list and not isinstance(value.expr, (FactRef, ItemRef)):
        return checking.refuse(
            argument,
            "RF209",
            f"the size of `{name}` is fixed by the policy",
            "write `size` of a fact, or make the size a parameter of its own",
        )
    return Value(syntax, INTEGER, Size(value.expr), 1 + value.size)


def _time(checking: Checking, syntax: Syntax, name: str, argument: Syntax) -> Value:
    value = checking.value(argument)
    if value.type is None:
        return value
    read, type_, sample = (
        (parse_duration, DURATION, "15m")
        if name == "duration"
        else (parse_timestamp, TIMESTAMP, "2026-11-20T09:00:00Z")
    )
    if not isinstance(value.expr, Literal) or not isinstance(value.expr.value, str):
        return checking.refuse(
            argument,
            "RF218",
            f"`{name}` takes a text that is written out",
            f'write `{name}("{sample}")`; facts and parameters are already typed',
        )
    try:
        return Value(syntax, type_, Literal(read(value.expr.value)))
    except ValueError as error:
        return checking.refuse(
            argument,
            "RF218",
            f"{checking.source(argument)} {str(error).replace('quoted ', '')}",
            f'write `{name}("{sample}")`'
            + ("; units are s, m, h, d" if name == "duration" else ""),
        )


def _text(checking: Checking, value: Value, what: str) -> bool:
    if value.type is None:
        return False
    if value.choice is None and not value.type.is_list and family(value.type) == "text":
        return True
    name = checking.source(value.syntax)
    hint = "write it of a text"
    if value.type.is_records:
        hint = f"write `{name}.exists(r, r.….{what}(…))`"
    elif value.type.many:
        hint = f"write `{name}.exists(x, x.{what}(…))`, or `… in {name}`"
    checking.refuse(
        value.syntax, "RF209", f"`{what}` does not apply to `{name}`, {describe(value)}", hint
    )
    return False


def _string_test(
    checking: Checking, syntax: Syntax, op: StringTestOp, receiver: Syntax, argument: Syntax
) -> Value:
    subject, part = checking.value(receiver), checking.value(argument)
    good = [_text(checking, value, op.value) for value in (subject, part)]
    if not all(good):
        return poison(syntax)
    if subject.is_constant:
        return checking.refuse(
            subject.syntax,
            "RF219",
            f"`{op}` asks a constant",
            f"write the fact first: `facts.….{op}(…)`",
        )
    if part.expr == Literal(""):
        return checking.refuse(
            argument,
            "RF219",
            f"`{op}` of an empty text is always true",
            "write the text to look for",
        )
    return boolean(syntax, StringTest(op, subject.expr, part.expr), subject, part)


def _matches(checking: Checking, syntax: Syntax, receiver: Syntax, argument: Syntax) -> Value:
    subject, pattern = checking.value(receiver), checking.value(argument)
    good = _text(checking, subject, "matches")
    if pattern.type is None:
        return poison(syntax)
    if not isinstance(pattern.expr, Literal) or not isinstance(pattern.expr.value, str):
        return checking.refuse(
            argument,
            "RF216",
            "a pattern must be written out",
            'write `.matches("…")` with a text, or `.startsWith(…)`, `.contains(…)`',
        )
    problem = check_pattern(pattern.expr.value)
    if problem is not None:
        return checking.refuse(argument, *problem)
    if not good:
        return poison(syntax)
    if subject.is_constant:
        return checking.refuse(
            subject.syntax, "RF219", "`matches` asks a constant", "write the fact first"
        )
    return boolean(syntax, Matches(subject.expr, pattern.expr.value), subject, pattern)
