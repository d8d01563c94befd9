"""`PolicySet`: custom rules at one decision point, with their parameters."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ringfence.language.kinds.kind import Kind
from ringfence.language.kinds.runner_policy import Loosening
from ringfence.language.values import DecimalText, Line, Model, RuleId, Seq, Text

__all__ = ["KIND", "CustomRule", "Parameter", "ParameterOverride", "PolicySet"]

ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Action = Literal["allow+log", "redact", "human_review", "block"]
Pointer = Annotated[str, Field(pattern=r"^(?:/[^/\s]+)+$", max_length=256)]
Value = bool | int | DecimalText | str | Seq[str]


class ParameterOverride(Model):
    """How far narrower scopes may loosen a parameter."""

    loosen_to: bool | int | DecimalText | str


class Parameter(Model):
    """A value that rules read as `params.NAME`; `stricter` is the order that tightening means."""

    type: Literal["boolean", "integer", "decimal", "string", "duration", "strings"]
    value: Value
    stricter: Literal["higher", "lower"] | None = None
    overridable: ParameterOverride | None = None


class CustomRule(Model):
    """A rule: where `where` holds, `require` must be shown true."""

    id: RuleId
    was: Seq[RuleId] = ()
    category: Literal["preventive", "detective", "corrective"]
    rationale: Text
    where: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    require: Annotated[str, Field(min_length=1, max_length=4096)]
    otherwise: Action
    if_unknown: Action = "block"
    redact: Seq[Pointer] = ()
    message: Line
    fix: Line
    docs: Annotated[str, Field(pattern=r"^https://\S{1,300}$")] | None = None
    waivable: bool
    controls: Seq[Line] = ()

    @model_validator(mode="after")
    def _redacts_something(self) -> "CustomRule":
        if (self.otherwise == "redact") != bool(self.redact):
            raise ValueError(
                "`redact` needs a list of pointers, and pointers need `otherwise: redact`"
            )
        return self


class PolicySet(Model):
    """Custom rules at one decision point.

    A narrower scope's set may `set` parameters of broader sets, `NAME-OF-SET.PARAMETER: value`.
    """

    at: Line
    params: dict[ParameterName, Parameter] = {}
    set: dict[Line, bool | int | Decimal | str] = {}
    loosens: Seq[Loosening] = ()
    rules: Seq[CustomRule] = ()


KIND = Kind(
    name="PolicySet",
    spec=PolicySet,
    scopes=frozenset({"platform", "tenant", "contract"}),
    description="Custom rules at one decision point, with their parameters.",
)
