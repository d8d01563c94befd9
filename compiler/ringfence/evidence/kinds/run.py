"""Records of runs: what a runner reported, with its name and signature."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, Strict, StringConstraints, model_validator

from ringfence.evidence.kinds.form import Name
from ringfence.evidence.reference import is_text
from ringfence.evidence.run_model import Approver, AttachedApproval, Reason, RunReport

__all__ = ["RunForm"]


def _stood_in(value: object) -> object:
    """Let a reference stand for the text that it commits to: only the form is judged here."""
    return "kept apart" if is_text(value) else value


class SignedApproval(AttachedApproval):
    """An approval as a runner signs it, whose texts may be references."""

    by: Annotated[Approver, BeforeValidator(_stood_in)]
    reason: Annotated[Reason, BeforeValidator(_stood_in)]


class RunForm(RunReport):
    """A closed run, signed by its runner; `signature` is 64 bytes in base64 (RFC 8032)."""

    approvals: Annotated[tuple[SignedApproval, ...], Strict(False), Field(max_length=200)]
    signed_by: Name
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{85}[AQgw]==$")]

    @model_validator(mode="after")
    def _ran_something(self) -> Self:
        if not self.images and not self.drivers:
            raise ValueError("neither an image nor a driver")
        return self
