"""Records of runs: what a runner reported, with its name and signature."""

from typing import Annotated, Self

from pydantic import Field, Strict, StringConstraints, model_validator

from ringfence.evidence.kinds.form import Name
from ringfence.evidence.run_model import AttachedApproval, RunReport

__all__ = ["RunForm"]


class RunForm(RunReport):
    """A closed run, signed by its runner; `signature` is 64 bytes in base64 (RFC 8032)."""

    approvals: Annotated[tuple[AttachedApproval, ...], Strict(False), Field(max_length=200)]
    signed_by: Name
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{85}[AQgw]==$")]

    @model_validator(mode="after")
    def _ran_something(self) -> Self:
        if not self.images and not self.drivers:
            raise ValueError("neither an image nor a driver")
        return self
