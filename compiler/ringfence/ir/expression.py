"""The closed expression tree of conditions: what a front end builds and every back end reads.

An expression is typed, reads only facts, parameters, constants, the tenant's name and the clock, and
has no errors: a comparison that reads a missing optional fact is simply *not shown*, which
`ringfence.ir.logic` makes explicit before emission.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

__all__ = [
    "And",
    "AnyPrefix",
    "Arithmetic",
    "ArithmeticOp",
    "Call",
    "Compare",
    "CompareOp",
    "Derived",
    "Expr",
    "FactRef",
    "Has",
    "IfElse",
    "ItemRef",
    "Lifted",
    "Literal",
    "Lookup",
    "Matches",
    "Member",
    "Not",
    "Now",
    "Or",
    "OrEmpty",
    "ParamRef",
    "Quantifier",
    "QuantifierKind",
    "Size",
    "StringTest",
    "StringTestOp",
    "Tables",
    "TenantName",
]


class CompareOp(StrEnum):
    """A comparison, spelt as in Rego and CEL alike."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class ArithmeticOp(StrEnum):
    """The arithmetic that can't fail."""

    ADD = "+"
    SUB = "-"
    MUL = "*"


class StringTestOp(StrEnum):
    """A test of one string by another."""

    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"


class QuantifierKind(StrEnum):
    """How many records of a list must satisfy the body."""

    EXISTS = "exists"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: boolean, whole number (also seconds), decimal, string, or a tuple of scalars."""

    value: bool | int | Decimal | str | tuple[int | Decimal | str, ...]


@dataclass(frozen=True, slots=True)
class FactRef:
    """A fact of the decision point, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemRef:
    """A field of the record (or, with field "", the scalar) that a quantifier's variable stands for."""

    variable: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class ParamRef:
    """A parameter of the tenant, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """A number that was lifted out of a tenant's rule, by its place among that tenant's numbers."""

    index: int


@dataclass(frozen=True, slots=True)
class Derived:
    """A named value that the decision point computes once from facts, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class TenantName:
    """The name of the tenant that the request is for."""


@dataclass(frozen=True, slots=True)
class Now:
    """The decision's time in seconds since the epoch, exact to the nanosecond, from OPA's own clock.

    It stands in comparisons, alone or in sums and differences.
    """


@dataclass(frozen=True, slots=True)
class Has:
    """True when an optional fact, or an optional field of a record, is present and well typed."""

    operand: FactRef | ItemRef


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a boolean expression."""

    operand: "Expr"


@dataclass(frozen=True, slots=True)
class And:
    """True when all operands are; true without operands."""

    operands: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """True when an operand is; false without operands."""

    operands: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class IfElse:
    """The ternary: boolean branches only (a value-typed ternary is lowered to a Derived or refused)."""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two scalars of one type."""

    op: CompareOp
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Member:
    """True when the item is in the collection: a literal tuple, a list parameter, or a set fact."""

    item: "Expr"
    collection: "Expr"


@dataclass(frozen=True, slots=True)
class StringTest:
    """`subject.startsWith(argument)` and its two siblings."""

    op: StringTestOp
    subject: "Expr"
    argument: "Expr"


@dataclass(frozen=True, slots=True)
class Matches:
    """True when the RE2 pattern matches somewhere in the subject; the pattern is a constant."""

    subject: "Expr"
    pattern: str


@dataclass(frozen=True, slots=True)
class AnyPrefix:
    """True when the subject starts with one of the strings of a list parameter."""

    subject: "Expr"
    prefixes: ParamRef


@dataclass(frozen=True, slots=True)
class OrEmpty:
    """A string fact, or the empty string where it is missing: a key whose row "" is the default."""

    name: str


@dataclass(frozen=True, slots=True)
class Size:
    """The characters of a string, or the items of a list fact."""

    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Addition, subtraction or multiplication of two numbers."""

    op: ArithmeticOp
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that tenants share, each under the digest of its content (`TenantProgram.tables`)."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value of a table at string keys; `default` where the table has no such row.

    The first key into `Tables` is the digest, which a parameter gives.
    """

    table: ParamRef | Tables
    keys: "tuple[Expr, ...]"
    default: Literal


@dataclass(frozen=True, slots=True)
class Call:
    """A computed fact: a function of `rego/lib` by its dotted name, such as `tools.drifted`.

    The function is defined for every argument, since no gate has seen a list when it is called, and
    compares no numbers. It answers a sorted list of strings. It stands in requirements only: what a
    rule applies to is told without OPA too.
    """

    function: str
    arguments: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Quantifier:
    """`list.exists(variable, body)` or `list.all(variable, body)` over a list fact."""

    kind: QuantifierKind
    collection: FactRef
    variable: str
    body: "Expr"


Expr = (
    Literal
    | FactRef
    | ItemRef
    | ParamRef
    | Lifted
    | Derived
    | TenantName
    | Now
    | Has
    | Not
    | And
    | Or
    | IfElse
    | Compare
    | Member
    | StringTest
    | Matches
    | AnyPrefix
    | OrEmpty
    | Size
    | Arithmetic
    | Tables
    | Lookup
    | Call
    | Quantifier
)
