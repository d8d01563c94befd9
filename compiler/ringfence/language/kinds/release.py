"""`Release`: what is deployed where, and how far each rule counts there."""

from typing import Annotated, Literal

from pydantic import Field

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import (
    Duration,
    Identity,
    Model,
    Name,
    RuleId,
    Seq,
    Text,
    Timestamp,
)

__all__ = ["KIND", "Environment", "LevelRow", "Levels", "Release"]

LevelName = Literal["observe", "warn", "enforce", "correct"]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")]
Percent = Annotated[str, Field(pattern=r"^(?:100|[0-9]{1,2}(?:\.[0-9]{1,4})?)%$")]


Pattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9._*-]+(?:/[A-Za-z0-9._*-]+)*$")]


class ReplayGate(Model):
    """What a replay of recent decisions must show."""

    window: Duration
    new_block_at_most: Percent = "0%"
    not_replayable_at_most: Percent = "0%"


class ApprovalGate(Model):
    """Who must approve a promotion, and how many of them."""

    from_: Annotated[Identity, Field(alias="from")]
    count: Annotated[int, Field(ge=1, le=20)]


class DiffGate(Model):
    """What the semantic diff must show."""

    loosened: Literal["approved", "none"]


class Gate(Model):
    """Attestations over the content digest that promotion asks for."""

    tests: Literal["passed"] | None = None
    diff: DiffGate | None = None
    replay: ReplayGate | None = None
    approvals: ApprovalGate | None = None


class Environment(Model):
    """An environment.

    `after` names the one before it, and how long a release must have been there.
    """

    after: dict[Name, Duration] = {}
    gate: Gate | None = None
    effective_at: Timestamp | None = None
    freshness: Literal["demanded"] | None = None


class Who(Model):
    """The tenants of a wave."""

    wave: Name


class LevelRow(Model):
    """A level for some tenants: the first row that matches decides, `*` comes last."""

    tenants: Who | Literal["*"]
    level: LevelName
    notice: Text | None = None


class Levels(Model):
    """Levels by environment: the default, that of rules `supersedes` doesn't know, and by rule."""

    default: dict[Name, LevelName]
    new_rules: dict[Name, LevelName] = {}
    rules: dict[RuleId, dict[Name, LevelName | Seq[LevelRow]]] = {}


class Release(Model):
    """One release, all environments side by side, in promotion order.

    `include` must cover the repository. With `slice_by`, `build` writes a slice for every tenant.
    """

    version: Version
    supersedes: Version | None = None
    include: Annotated[Seq[Pattern], Field(min_length=1)]
    slice_by: Literal["tenant"] | None = None
    environments: Annotated[dict[Name, Environment], Field(min_length=1)]
    levels: Levels


KIND = Kind(
    name="Release",
    spec=Release,
    scopes=frozenset({"platform"}),
    description="What is deployed where, and how far each rule counts there.",
)
