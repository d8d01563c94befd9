"""Records of gaps that reconciling finds: a counterpart that is missing."""

from typing import Literal, Self

from pydantic import model_validator

from ringfence.evidence.kinds.form import Form, Name, Short

__all__ = ["GapForm"]


class GapForm(Form):
    """A run without a decision, or a decision without a run, which then has no id."""

    cause: Literal["no_decision", "no_run"]
    principal: Short
    tenant: Name
    decision_id: Name
    run_id: Short

    @model_validator(mode="after")
    def _names_its_run(self) -> Self:
        if bool(self.run_id) != (self.cause == "no_decision"):
            raise ValueError("`run_id` is not as the cause has it")
        return self
