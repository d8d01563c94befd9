"""Short constructors for expressions, so that built-in rules read as sentences."""

from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    ArithmeticOp,
    Call,
    Compare,
    CompareOp,
    Derived,
    Expr,
    FactRef,
    Has,
    ItemRef,
    Literal,
    Lookup,
    Member,
    Not,
    Now,
    Or,
    OrEmpty,
    ParamRef,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    StringTestOp,
    Tables,
)
from ringfence.ir.rule import Message

__all__ = [
    "add",
    "all_of",
    "any_of",
    "any_prefix",
    "call",
    "derived",
    "equal",
    "every",
    "fact",
    "has",
    "is_in",
    "item",
    "least",
    "less",
    "literal",
    "lookup",
    "message",
    "most",
    "no",
    "now",
    "or_empty",
    "param",
    "shared",
    "size",
    "starts_with",
    "subtract",
    "times",
]


def fact(name: str) -> FactRef:
    """Read a fact."""
    return FactRef(name)


def or_empty(name: str) -> OrEmpty:
    """Read a string fact, or the empty string where it is missing."""
    return OrEmpty(name)


def item(field: str) -> ItemRef:
    """Read a field of the item that `every` stands on."""
    return ItemRef("item", field)


def param(name: str) -> ParamRef:
    """Read a parameter of the tenant."""
    return ParamRef(name)


def derived(name: str) -> Derived:
    """Read a computed value."""
    return Derived(name)


def literal(value: bool | int | str | tuple[str, ...]) -> Literal:
    """Write a constant."""
    return Literal(value)


def has(name: str) -> Has:
    """Ask whether a fact is there."""
    return Has(FactRef(name))


def all_of(*operands: Expr) -> And:
    """Ask for all."""
    return And(operands)


def any_of(*operands: Expr) -> Or:
    """Ask for one."""
    return Or(operands)


def no(operand: Expr) -> Not:
    """Ask for the opposite."""
    return Not(operand)


def equal(left: Expr, right: Expr | bool | int | str) -> Compare:
    """Ask for equality."""
    return Compare(CompareOp.EQ, left, _expr(right))


def most(left: Expr, right: Expr | int) -> Compare:
    """Ask for `left <= right`."""
    return Compare(CompareOp.LE, left, _expr(right))


def less(left: Expr, right: Expr | int) -> Compare:
    """Ask for `left < right`."""
    return Compare(CompareOp.LT, left, _expr(right))


def least(left: Expr, right: Expr | int) -> Compare:
    """Ask for `left >= right`."""
    return Compare(CompareOp.GE, left, _expr(right))


def is_in(left: Expr | str, collection: Expr | tuple[str, ...]) -> Member:
    """Ask for membership."""
    whole = Literal(collection) if isinstance(collection, tuple) else collection
    return Member(_expr(left), whole)


def starts_with(subject: Expr, prefix: Expr) -> StringTest:
    """Ask for a prefix."""
    return StringTest(StringTestOp.STARTS_WITH, subject, prefix)


def any_prefix(subject: Expr, prefixes: str) -> AnyPrefix:
    """Ask for one of the prefixes of a parameter."""
    return AnyPrefix(subject, ParamRef(prefixes))


def lookup(table: str, *keys: Expr | str, default: int | str | tuple[str, ...]) -> Lookup:
    """Read a row of a table parameter."""
    return Lookup(ParamRef(table), tuple(map(_expr, keys)), Literal(default))


def shared(digest: Expr, *keys: Expr | str, default: int | str | tuple[str, ...]) -> Lookup:
    """Read a row of the table that has this digest."""
    return Lookup(Tables(), (digest, *map(_expr, keys)), Literal(default))


def call(function: str, *arguments: Expr) -> Call:
    """Compute a fact by a function of `rego/lib`."""
    return Call(function, arguments)


def size(operand: Expr) -> Size:
    """Count."""
    return Size(operand)


def every(collection: str, body: Expr) -> Quantifier:
    """Ask it of every item of a list."""
    return Quantifier(QuantifierKind.ALL, FactRef(collection), "item", body)


def add(left: Expr, right: Expr) -> Arithmetic:
    """Add."""
    return Arithmetic(ArithmeticOp.ADD, left, right)


def subtract(left: Expr, right: Expr) -> Arithmetic:
    """Subtract."""
    return Arithmetic(ArithmeticOp.SUB, left, right)


def times(left: Expr, right: Expr | int) -> Arithmetic:
    """Multiply."""
    return Arithmetic(ArithmeticOp.MUL, left, _expr(right))


def now() -> Now:
    """Read the clock."""
    return Now()


def message(template: str) -> Message:
    """Split a trusted template such as `timeout {facts.run.timeout} is too long`."""
    parts: list[str] = []
    for number, piece in enumerate(template.split("{")):
        parts += [piece] if number == 0 else piece.split("}", 1)
    return Message(tuple(parts))


def _expr(value: Expr | bool | int | str) -> Expr:
    return Literal(value) if isinstance(value, (bool, int, str)) else value
