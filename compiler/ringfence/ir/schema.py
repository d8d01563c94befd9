"""What is known of a decision point: its facts, their types, and which kinds govern it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "MAX_INTEGER",
    "MAX_STRING",
    "DecisionPoint",
    "Fact",
    "FactSource",
    "FactType",
    "Scalar",
]

MAX_STRING = 1024
MAX_ITEMS = 1000
MAX_INTEGER = 10**15 - 1


class Scalar(StrEnum):
    """The type of one value.

    Integers and decimals have at most 15 digits before the point, decimals at most 6 after it.
    A duration is whole seconds, a timestamp whole seconds since 1970-01-01T00:00:00Z.
    """

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    STRING = "string"
    ENUM = "enum"
    DURATION = "duration"
    TIMESTAMP = "timestamp"

    @property
    def is_number(self) -> bool:
        """Tell whether values of this type are JSON numbers."""
        return self in (Scalar.INTEGER, Scalar.DECIMAL, Scalar.DURATION, Scalar.TIMESTAMP)


class FactSource(StrEnum):
    """Whose word a fact is: the caller's, the platform's, or a signed attestation's."""

    CALLER = "caller"
    PLATFORM = "platform"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactType:
    """The type of a fact.

    `values` are an enum's values, in ascending order where `ordered`.
    `minimum` and `maximum` bound a number (inclusive).
    A string has 1 to `MAX_STRING` characters.
    With `many`, the fact is a list of unique-or-not scalars of this type (a set, order is ignored).
    With `fields`, the fact is a list of records with these fields, and `scalar` is unused.
    """

    scalar: Scalar = Scalar.STRING
    values: tuple[str, ...] = ()
    ordered: bool = False
    minimum: int = 0
    maximum: int = MAX_INTEGER
    many: bool = False
    fields: "tuple[Fact, ...]" = ()
    max_items: int = MAX_ITEMS

    @property
    def is_records(self) -> bool:
        """Tell whether the fact is a list of records."""
        return bool(self.fields)

    @property
    def is_list(self) -> bool:
        """Tell whether the fact is a list of scalars or of records."""
        return self.many or self.is_records


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One typed fact of a decision point, or one field of a record.

    `name` is dotted below `facts` (`runner.class`); a record's field has a plain name.
    A fact that is not `required` may be missing; whatever reads it then is not shown true.
    `binds` marks a part of what an approval is bound to; `secret` is never logged or rendered; of a
    `personal` one evidence holds a commitment, whose salt can be destroyed.
    """

    name: str
    type: FactType = field(default_factory=FactType)
    required: bool = False
    source: FactSource = FactSource.CALLER
    binds: bool = False
    secret: bool = False
    # No part of what is decided, so no part of the names of emitted lists, which digest this.
    personal: bool = field(default=False, repr=False)
    description: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """Split the dotted name."""
        return tuple(self.name.split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPoint:
    """A place where a caller asks: its facts, and the kinds that govern it.

    A tenant without a policy of a governing kind at this point is answered `block`.
    """

    name: str
    description: str
    governed_by: frozenset[str]
    facts: tuple[Fact, ...]

    @property
    def key(self) -> str:
        """Name the point as a Rego identifier: `runner.deploy` is `runner_deploy`."""
        return self.name.replace(".", "_").replace("-", "_")

    def by_name(self) -> Mapping[str, Fact]:
        """Map dotted names to facts."""
        return {fact.name: fact for fact in self.facts}
