"""What a condition may name: the facts of its point, parameters, derived values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

from ringfence.ir.schema import DecisionPoint, Scalar

__all__ = ["ConditionScope", "ParamType"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamType:
    """The type of a parameter: a scalar or, with `many`, a list of scalars.

    `values` are an enum's values, in ascending order where `ordered`.
    """

    scalar: Scalar
    many: bool = False
    values: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionScope:
    """The names that a condition at `point` may use, and whether it is a `where` or a `require`."""

    point: DecisionPoint
    params: Mapping[str, ParamType] = field(default_factory=dict)
    derived: Mapping[str, Scalar] = field(default_factory=dict)
    role: OneOf["where", "require"] = "require"
