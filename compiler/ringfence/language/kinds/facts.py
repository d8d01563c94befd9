"""`Facts`: a team's own facts at decision points, under its namespace."""

from typing import Annotated, Literal

from pydantic import Field

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import Line, Model, Seq, Text

__all__ = ["KIND", "FactSpec", "Facts", "FieldSpec"]

FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}(?:\.[a-z][a-z0-9_]{0,62}){0,3}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Bound = Annotated[int, Field(ge=-(10**15) + 1, lt=10**15)]
ScalarName = Literal["boolean", "integer", "decimal", "string", "enum", "duration", "timestamp"]


class FieldSpec(Model):
    """A field of a record."""

    type: ScalarName
    values: Seq[Line] = ()
    minimum: Bound = 0
    maximum: Bound = 10**15 - 1
    required: bool = False
    description: Text | None = None


class FactSpec(Model):
    """A fact: always optional, since callers may not send it yet.

    With `many` it is a list of scalars; with `fields`, a list of records.
    """

    type: ScalarName | Literal["records"]
    values: Seq[Line] = ()
    ordered: bool = False
    minimum: Bound = 0
    maximum: Bound = 10**15 - 1
    many: bool = False
    fields: dict[FieldName, FieldSpec] = {}
    max_items: Annotated[int, Field(ge=1, le=1000)] = 100
    secret: bool = False
    binds: bool = False
    personal: bool = False
    description: Text


class Facts(Model):
    """A team's own facts. `namespace` is the first part of each fact's name and belongs to the team."""

    at: Annotated[Seq[Line], Field(min_length=1)]
    namespace: FieldName
    facts: Annotated[dict[FactName, FactSpec], Field(min_length=1)]


KIND = Kind(
    name="Facts",
    spec=Facts,
    scopes=frozenset({"platform", "tenant"}),
    description="A team's own facts at decision points, under its namespace.",
)
