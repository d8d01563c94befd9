"""Write an expression of the IR as the condition that a person would write in CEL."""

from decimal import Decimal

from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    Call,
    Compare,
    Derived,
    Expr,
    FactRef,
    Has,
    IfElse,
    ItemRef,
    Lifted,
    Literal,
    Lookup,
    Matches,
    Member,
    Not,
    Now,
    Or,
    OrEmpty,
    ParamRef,
    Quantifier,
    Size,
    StringTest,
    Tables,
    TenantName,
)
from ringfence.report.escape import escape_line

__all__ = ["condition_text"]

_ATOMS = (FactRef, ItemRef, ParamRef, Derived, Literal, Has, Quantifier, StringTest, Matches, Size)


def condition_text(expr: Expr) -> str:
    """Return one line; what CEL lacks, such as a table's default, is written as a call."""
    match expr:
        case And(()):
            return "true"
        case Or(()):
            return "false"
        case And(operands):
            return " && ".join(map(_part, operands))
        case Or(operands):
            return " || ".join(map(_part, operands))
        case Not(operand):
            return f"!{_part(operand)}"
        case IfElse(condition, then, otherwise):
            return f"{_part(condition)} ? {_part(then)} : {_part(otherwise)}"
        case Compare(op, left, right) | Arithmetic(op, left, right):
            return f"{_part(left)} {op} {_part(right)}"
        case Member(item, collection):
            return f"{_part(item)} in {_part(collection)}"
        case _:
            return _atom(expr)


def _part(expr: Expr) -> str:
    text = condition_text(expr)
    bare = isinstance(expr, _ATOMS) or " " not in text
    return text if bare else f"({text})"


def _atom(expr: Expr) -> str:  # one case a node
    match expr:
        case Literal(value):
            return _literal(value)
        case FactRef(name):
            return f"facts.{name}"
        case OrEmpty(name):
            return f'(has(facts.{name}) ? facts.{name} : "")'
        case ItemRef(variable, name):
            return f"{variable}.{name}" if name else variable
        case ParamRef(name):
            return f"params.{name}"
        case Lifted(index):
            return f"numbers[{index}]"
        case Derived(name):
            return f"derived.{name}"
        case TenantName():
            return "tenant"
        case Now():
            return "now"
        case Tables():
            return "tables"
        case Has(operand):
            return f"has({condition_text(operand)})"
        case StringTest(op, subject, argument):
            return f"{_part(subject)}.{op}({condition_text(argument)})"
        case Matches(subject, pattern):
            return f"{_part(subject)}.matches({_literal(pattern)})"
        case AnyPrefix(subject, prefixes):
            return f"params.{prefixes.name}.exists(p, {_part(subject)}.startsWith(p))"
        case Size(operand):
            return f"size({condition_text(operand)})"
        case Lookup(table, keys, _):
            return _part(table) + "".join(f"[{condition_text(key)}]" for key in keys)
        case Call(function, arguments):
            return f"{function}({', '.join(map(condition_text, arguments))})"
        case Quantifier(kind, collection, variable, body):
            return f"facts.{collection.name}.{kind}({variable}, {condition_text(body)})"
        case _:
            return f"({condition_text(expr)})"


def _literal(value: bool | int | Decimal | str | tuple[int | Decimal | str, ...]) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + escape_line(value).replace('"', '\\"') + '"'
        case tuple():
            return f"[{', '.join(map(_literal, value))}]"
        case _:
            return str(value)
