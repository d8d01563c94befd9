"""Say what to write instead of the parts of CEL that are not part of the language."""

from ringfence.language.cel.checking import Checking
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.value import Value
from ringfence.language.suggest import did_you_mean

__all__ = ["refuse_form", "refuse_function", "refuse_literal", "refuse_method"]

FUNCTIONS = ("has", "size", "duration", "timestamp")
METHODS = ("startsWith", "endsWith", "contains", "matches", "size", "exists", "all")
_CONVERSION = "facts and parameters are typed: compare the value itself"
_FUNCTIONS = {
    "int": _CONVERSION,
    "uint": _CONVERSION,
    "double": _CONVERSION,
    "string": _CONVERSION,
    "bool": _CONVERSION,
    "bytes": _CONVERSION,
    "dyn": "facts and parameters are typed: remove it",
    "type": "the schema fixes every type: remove the test",
    "startsWith": "write `x.startsWith(…)`",
    "endsWith": "write `x.endsWith(…)`",
    "contains": "write `x.contains(…)`",
    "matches": "write `x.matches(…)`",
    "exists": "write `facts.list.exists(x, …)`",
    "all": "write `facts.list.all(x, …)`",
    "now": "write `now`, without brackets",
    "len": "write `size(…)`",
    "length": "write `size(…)`",
    "count": "write `size(…)`",
    "in": "write `x in list`",
}
_TIMES = 'compare timestamps and durations themselves, such as `now - x < duration("24h")`'
_METHODS = {
    "exists_one": "write `.exists(x, …)`, or let the caller send the count as a fact",
    "filter": "write `.exists(x, …)` or `.all(x, …)` with the condition itself",
    "map": "write `.exists(x, …)` or `.all(x, …)` over the records themselves",
    "has": "write `has(x.field)`",
    "lowerAscii": 'write `.matches("(?i)^…$")`',
    "upperAscii": 'write `.matches("(?i)^…$")`',
    "toLowerCase": 'write `.matches("(?i)^…$")`',
    "split": "let the caller send a list, or write `.matches(…)`",
    "join": "test the items: `.exists(x, …)` or `.all(x, …)`",
    "replace": "compare the text itself, or write `.matches(…)`",
    "substring": "write `.startsWith(…)`, `.endsWith(…)` or `.matches(…)`",
    "charAt": "write `.startsWith(…)` or `.matches(…)`",
    "indexOf": "write `.contains(…)`",
    "length": "write `.size()`",
    "any": "write `.exists(x, …)`",
    "some": "write `.exists(x, …)`",
    "every": "write `.all(x, …)`",
    "includes": "write `… in list`, or `.contains(…)` for text",
}


def refuse_function(checking: Checking, syntax: Syntax) -> Value:
    """Report a function that the language does not have."""
    (name,) = checking.words(syntax)
    hint = _FUNCTIONS.get(name)
    if hint is None:
        near = did_you_mean(name, FUNCTIONS)
        hint = f"did you mean `{near}`?" if near else f"the functions are {_listed(FUNCTIONS)}"
    return checking.refuse_token(
        syntax, syntax.words[0], "RF208", f"`{name}` is not a function of the language", hint
    )


def refuse_method(checking: Checking, syntax: Syntax) -> Value:
    """Report a method or macro that the language does not have."""
    (name,) = checking.words(syntax)
    hint = _METHODS.get(name)
    if hint is None and name.startswith("get"):
        hint = _TIMES
    if hint is None and name in ("duration", "timestamp"):
        hint = f'write `{name}("…")`'
    if hint is None:
        near = did_you_mean(name, METHODS)
        hint = f"did you mean `.{near}`?" if near else f"the methods are {_listed(METHODS)}"
    return checking.refuse_token(
        syntax, syntax.words[0], "RF208", f"`.{name}` is not a method of the language", hint
    )


def refuse_literal(checking: Checking, syntax: Syntax) -> Value:
    """Report `null` or bytes."""
    if checking.words(syntax) == ("null",):
        return checking.refuse(
            syntax,
            "RF208",
            "no value is `null`",
            "a fact is there or missing: write `has(facts.…)` or `!has(facts.…)`",
        )
    return checking.refuse(
        syntax, "RF208", "bytes are not part of the language", "write a string without the `b`"
    )


def refuse_form(checking: Checking, syntax: Syntax) -> Value:
    """Report an operator or a construction that the language does not have."""
    if syntax.form is Form.SELECT:
        operand = checking.value(syntax.operands[0])
        if operand.type is None:
            return operand
    message, hint = _form_problem(checking, syntax)
    return checking.refuse(syntax, "RF208", message, hint)


def _form_problem(checking: Checking, syntax: Syntax) -> tuple[str, str]:
    text = checking.source(syntax)
    match syntax.form:
        case Form.DIV:
            return (
                "division can fail",
                "multiply the other side: write `a > b * c`, not `a / b > c`",
            )
        case Form.MOD:
            return "`%` can fail", "let the caller send the remainder as a fact, or name the values"
        case Form.INDEX:
            return _index_problem(checking, syntax)
        case Form.LIST:
            return f"the list `{text}` is not a value", 'write `x in ["a", "b"]`'
        case Form.MAP:
            return "maps are not part of the language", "compare facts one by one, joined by `&&`"
        case Form.MESSAGE:
            return "messages are not part of the language", "compare facts one by one"
        case Form.ROOT_NAME | Form.ROOT_CALL:
            return f"`{text}` starts with a stop", f"write `{text[1:]}`"
        case _:
            return f"`{text}` is not a name", "only facts, parameters and records have fields"


def _index_problem(checking: Checking, syntax: Syntax) -> tuple[str, str]:
    listed, index = syntax.operands
    name, key = checking.source(listed), checking.source(index)
    if key[:1] in "\"'":
        return f"`[{key}]` reads a field by index", f"write `{name}.{key[1:-1]}`"
    return (
        f"the item `[{key}]` may not be there",
        f"write `{name}.exists(x, …)` or `{name}.all(x, …)`",
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
