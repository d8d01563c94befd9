"""`Exception`: a signed, bounded lift of named rules for an exact match of facts."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import (
    DURATION_SCHEMA,
    Identity,
    Line,
    Model,
    RuleId,
    Seq,
    Text,
    Timestamp,
    parse_duration,
)

__all__ = ["KIND", "Approval", "CostPlan", "ExceptionSpec"]

_FACT = r"^facts(?:\.[a-z0-9][a-z0-9_-]*)+$"


def _no_wildcard(value: str) -> str:
    if "*" in value:
        raise ValueError("must be an exact value: `*` matches nothing but itself here")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _limit(value: object) -> object:
    """Turn a duration into whole seconds and leave a whole number as it is."""
    if isinstance(value, str):
        if not re.fullmatch(r"(?:[0-9]{1,9}[smhd])+", value):
            raise ValueError("must be a whole number or a duration, such as 140h")
        return parse_duration(value)
    return value


ExceptionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
Said = Annotated[Line, AfterValidator(_not_blank)]
FactPath = Annotated[str, Field(pattern=_FACT, max_length=128)]
PointName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$")]
ExactText = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_no_wildcard)]
WholeNumber = Annotated[int, Field(ge=0, lt=10**15)]
MatchValue = ExactText | bool | WholeNumber
Limit = Annotated[
    WholeNumber,
    BeforeValidator(_limit),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, DURATION_SCHEMA]}),
]


class CostPlan(Model):
    """What the exception costs, who pays and who agreed to it."""

    extra: Said
    cost_center: Said
    agreed_with: Identity


class Approval(Model):
    """Who approved, and a detached JWS over the canonical spec without this block."""

    by: Identity
    token: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_-]{1,1024}\.\.[A-Za-z0-9_-]{86}$"),
    ]


class ExceptionSpec(Model):
    """What is lifted, where, for whom, how far, from when until when, and why.

    `match` maps facts to the exact values for which it holds; `ceiling` maps facts or derived
    values to the most that is lifted, durations in seconds. `starts_at` is inclusive, `expires_at`
    exclusive. `renews` names the exception that this one follows.
    """

    lifts: Annotated[Seq[RuleId], Field(min_length=1)]
    at: Annotated[Seq[PointName], Field(min_length=1)]
    match: Annotated[
        dict[FactPath, Annotated[Seq[MatchValue], Field(min_length=1)]], Field(min_length=1)
    ]
    ceiling: dict[FactPath, Limit] = Field(default_factory=dict)
    starts_at: Timestamp
    expires_at: Timestamp
    requester: Identity
    business_justification: Text
    risk_analysis: Text
    cost_plan: CostPlan
    renews: ExceptionName | None = None
    approval: Approval | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "ExceptionSpec":
        if self.starts_at >= self.expires_at:
            raise ValueError("`expires_at` must be later than `starts_at`")
        return self


KIND = Kind(
    name="Exception",
    spec=ExceptionSpec,
    scopes=frozenset({"tenant"}),
    description="A signed, bounded lift of named rules for an exact match of facts.",
)
