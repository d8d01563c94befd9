"""`StepDown`: a rule's level, milder for a while, in an incident."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import Identity, Line, Model, Name, RuleId, Text, Timestamp

__all__ = ["KIND", "LONGEST", "StepDown"]

# In seconds: what lasts longer belongs into a release.
LONGEST = 14 * 86_400


class StepDown(Model):
    """One rule in one environment, from when until when, in which incident, by whom and why."""

    rule: RuleId
    environment: Name
    level: Literal["observe", "warn"]
    incident: Annotated[Line, Field(min_length=1, max_length=128)]
    by: Identity
    reason: Text
    starts_at: Timestamp
    expires_at: Timestamp

    @model_validator(mode="after")
    def _lasts_a_while(self) -> "StepDown":
        if not 0 < self.expires_at - self.starts_at <= LONGEST:
            raise ValueError("must end after it starts, and within 14 days of that")
        return self


KIND = Kind(
    name="StepDown",
    spec=StepDown,
    scopes=frozenset({"platform"}),
    description="A rule's level, milder for a while, in an incident.",
)
