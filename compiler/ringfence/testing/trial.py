"""What a test run asks: trials, each one request and what is expected of its decision."""

from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.errors import Span
from ringfence.ir.schema import DecisionPoint
from ringfence.language.kinds.policy_test import Approve, Expect

__all__ = ["ENFORCED", "Suite", "Trial"]

# The layer of tests without `release`: every rule is enforced.
ENFORCED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One request under one clock (epoch seconds), and what its decision must be.

    `facts` are by dotted name. Without `expect`, any action that allows will do.
    """

    name: str
    span: Span
    now: int
    facts: Mapping[str, object]
    approve: tuple[Approve, ...] = ()
    expect: Expect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The trials of one `PolicyTest`: its base first, then its cases, then its tables' cells.

    `layer` is `ENFORCED` or `RELEASE/ENVIRONMENT`.
    """

    name: str
    file: str
    tenant: str
    point: DecisionPoint
    layer: str
    trials: tuple[Trial, ...]
