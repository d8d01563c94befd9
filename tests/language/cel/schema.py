"""The decision point, parameters and scopes that the tests of conditions share."""

from typing import Literal

from ringfence.errors import Span
from ringfence.ir.schema import DecisionPoint, Fact, FactSource, FactType, Scalar
from ringfence.language.cel import ConditionScope, ParamType

__all__ = ["POINT", "at", "scope", "underlined"]


def _enum(*values: str, ordered: bool = False) -> FactType:
    return FactType(scalar=Scalar.ENUM, values=values, ordered=ordered)


_BOOLEAN = FactType(scalar=Scalar.BOOLEAN)
_INTEGER = FactType(scalar=Scalar.INTEGER)
_DECIMAL = FactType(scalar=Scalar.DECIMAL)
_DURATION = FactType(scalar=Scalar.DURATION)
_TIMESTAMP = FactType(scalar=Scalar.TIMESTAMP)
_LEVELS = ("l1-public", "l2-internal", "l3-restricted")

POINT = DecisionPoint(
    name="test.point",
    description="a point for tests",
    governed_by=frozenset({"PolicySet"}),
    facts=(
        Fact(name="runner.class", type=_enum("serverless", "container"), required=True),
        Fact(name="runner.size", type=_enum("small", "large")),
        Fact(name="level", type=_enum(*_LEVELS, ordered=True), required=True),
        Fact(name="ceiling", type=_enum(*_LEVELS, ordered=True)),
        Fact(name="image", required=True),
        Fact(name="branch"),
        Fact(name="count", type=_INTEGER, required=True),
        Fact(name="spare", type=_INTEGER),
        Fact(name="score", type=_DECIMAL),
        Fact(name="urgent", type=_BOOLEAN, required=True),
        Fact(name="reviewed", type=_BOOLEAN),
        Fact(name="run.timeout", type=_DURATION),
        Fact(name="run.started", type=_TIMESTAMP, required=True),
        Fact(name="labels", type=FactType(many=True), required=True),
        Fact(name="sizes", type=FactType(scalar=Scalar.ENUM, values=("small", "large"), many=True)),
        Fact(
            name="hosts",
            type=FactType(
                fields=(
                    Fact(name="name", required=True),
                    Fact(name="port", type=_INTEGER),
                    Fact(name="private", type=_BOOLEAN, required=True),
                    Fact(name="aliases", type=FactType(many=True), required=True),
                )
            ),
            required=True,
        ),
        Fact(name="scan", type=_enum("passed", "failed"), source=FactSource.ATTESTED),
        Fact(name="token", secret=True),
    ),
)

PARAMS = {
    "limit": ParamType(scalar=Scalar.INTEGER),
    "min_score": ParamType(scalar=Scalar.DECIMAL),
    "strict": ParamType(scalar=Scalar.BOOLEAN),
    "cap": ParamType(scalar=Scalar.DURATION),
    "top": ParamType(scalar=Scalar.ENUM, values=_LEVELS, ordered=True),
    "registries": ParamType(scalar=Scalar.STRING, many=True),
}


def scope(role: Literal["where", "require"] = "require") -> ConditionScope:
    """Return the scope of a condition at the test point."""
    derived = {"over": Scalar.BOOLEAN, "used.total": Scalar.INTEGER}
    return ConditionScope(point=POINT, params=PARAMS, derived=derived, role=role)


def at(line: int, column: int) -> Span:
    """Place a character of the text in a file of its own."""
    return Span("c.yaml", line, column, line, column + 1)


def underlined(text: str, span: Span) -> str:
    """Return the source text that a span underlines, on one line or over several."""
    lines = text.split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    first, *middle = lines[span.line - 1 : span.end_line]
    middle[-1] = middle[-1][: span.end_column - 1]
    return "\n".join([first[span.column - 1 :], *middle])
