"""`PolicyTest`: a complete, allowed request, cases that change it, and tables over two facts."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import Identity, Line, Model, RuleId, Seq, Timestamp

__all__ = ["KIND", "Approve", "Case", "Expect", "PolicyTest", "Table"]

FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$", max_length=128)]
ActionName = Literal["allow", "allow+log", "redact", "human_review", "block"]


def _listed(value: object) -> object:
    """Let `[EXC-1]` stand for `[{id: EXC-1}]`."""
    if isinstance(value, list):
        return [{"id": item} if isinstance(item, str) else item for item in value]
    return value


def _lies_in_fixtures(path: str) -> str:
    steps = path.split("/")
    if steps[0] != "fixtures" or len(steps) < 2 or ".." in steps or not path.endswith(".yaml"):
        raise ValueError("must be a YAML file below `fixtures/` beside the test")
    return path


class Missed(Model):
    """An exception that nearly held, and why it did not."""

    id: Line
    why: Line | None = None


class Approve(Model):
    """An approval, signed with a test key for exactly the case's request."""

    rule: RuleId
    by: Identity


class Expect(Model):
    """What the decision must be; `reasons`, `waived` and `unknown` are exact sets where given."""

    action: ActionName
    reasons: Seq[RuleId] | None = None
    observed: Seq[RuleId] | None = None
    waived: Seq[Line] | None = None
    waivers_missed: Annotated[Seq[Missed], BeforeValidator(_listed)] | None = None
    unknown: Seq[FactName] | None = None
    obligations: Seq[dict[str, Any]] | None = None


class Case(Model):
    """A change of the base request, and what is expected of it."""

    name: Line
    now: Timestamp | None = None
    set: dict[FactName, Any] = {}
    unset: Seq[FactName] = ()
    approve: Seq[Approve] = ()
    expect: Expect


class Table(Model):
    """Which pairs of two facts' values are allowed; any other pair gives `else`."""

    rows: FactName
    columns: FactName
    allow: dict[Line, Seq[Line]]
    else_: Annotated[ActionName, Field(alias="else")]


class PolicyTest(Model):
    """Tests of one scope's decisions at one point.

    `base` is a file of facts below `fixtures/` beside the test. With `release`, `NAME/ENVIRONMENT`,
    its real levels count; else all rules are enforced. `mirror` maps facts to the facts that they
    repeat: where the base agrees, a change of the second changes the first. It replaces the decision
    point's own list, and `mirror: {}` switches that off.
    """

    at: Line
    now: Timestamp
    levels: Literal["enforce"] | None = None
    release: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}/[a-z0-9-]{1,64}$")] | None = None
    base: Annotated[Line, AfterValidator(_lies_in_fixtures)]
    mirror: dict[FactName, FactName] | None = None
    cases: Seq[Case] = ()
    tables: Seq[Table] = ()

    @model_validator(mode="after")
    def _has_one_source_of_levels(self) -> "PolicyTest":
        if self.levels and self.release:
            raise ValueError("has either `levels` or `release`: a release brings its own levels")
        return self


KIND = Kind(
    name="PolicyTest",
    spec=PolicyTest,
    scopes=frozenset({"platform", "tenant", "contract"}),
    description="A complete, allowed request, cases that change it, and tables over two facts.",
)
