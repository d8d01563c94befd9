"""What a runner reports of a run."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

__all__ = [
    "Approver",
    "AttachedApproval",
    "CheckOutcome",
    "CheckResult",
    "DriverUse",
    "ImageUse",
    "Reason",
    "RunReport",
    "RunnerUse",
    "SecretUse",
]

_STEP = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_SECRET = re.compile(rf"secret://[a-z0-9][a-z0-9._-]{{0,63}}(/{_STEP}){{1,8}}")
_SECRET_VERSION = re.compile(r"v?[0-9]{1,10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_EXACT_VERSION = re.compile(r"[0-9][A-Za-z0-9._+-]{0,63}")


def _written_as(pattern: re.Pattern[str], problem: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(problem)
        return text

    return AfterValidator(check)


def _outcome(value: object) -> object:
    """Read an outcome by its word; strict models take enum members only."""
    return next((one for one in CheckOutcome if one.value == value), value)


_Name = Annotated[str, Field(min_length=1, max_length=256)]
Approver = _Name
Reason = Annotated[str, Field(min_length=1, max_length=4096)]
_Digest = Annotated[str, _written_as(_DIGEST, "not a `sha256:` digest; a tag pins no content")]
_Version = Annotated[str, _written_as(_EXACT_VERSION, "not an exact version")]
_Reference = Annotated[
    str, _written_as(_SECRET, "not a reference `secret://…`; a value is never recorded")
]
_SecretVersion = Annotated[str, _written_as(_SECRET_VERSION, "not a version's number or UUID")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class CheckOutcome(StrEnum):
    """How an applicable rule ended: only `failed` counted against the request."""

    PASSED = "passed"
    OBSERVED = "observed"
    WAIVED = "waived"
    APPROVED = "approved"
    FAILED = "failed"


class RunnerUse(_Model):
    """The runner that ran."""

    class_: Annotated[_Name, Field(alias="class")]
    size: _Name
    network_profile: _Name


class ImageUse(_Model):
    """An image, by its content."""

    name: _Name
    digest: _Digest


class DriverUse(_Model):
    """A driver, by its exact version."""

    name: _Name
    version: _Version


class SecretUse(_Model):
    """A secret, by reference and version; no field holds a value."""

    ref: _Reference
    version: _SecretVersion


class CheckResult(_Model):
    """The outcome of one rule in one decision."""

    id: _Name
    outcome: Annotated[CheckOutcome, BeforeValidator(_outcome)]
    decision_id: _Name


class AttachedApproval(_Model):
    """An approval or exception that lifted a rule: who gave it, why, and until when (epoch seconds).

    `reference` says where the signed document is.
    """

    kind: Literal["approval", "exception"]
    id: _Name
    rule: _Name
    by: Approver
    reason: Reason
    expires_at: Annotated[int, Field(gt=0, lt=1 << 53)]
    reference: _Name


class RunReport(_Model):
    """A finished run, as the runner reports it."""

    run_id: _Name
    tenant: _Name
    runner: RunnerUse
    images: Annotated[tuple[ImageUse, ...], Strict(False), Field(max_length=200)]
    drivers: Annotated[tuple[DriverUse, ...], Strict(False), Field(max_length=200)]
    secrets: Annotated[tuple[SecretUse, ...], Strict(False), Field(max_length=200)]
    checks: Annotated[tuple[CheckResult, ...], Strict(False), Field(max_length=2000)]
    approvals: Annotated[tuple[AttachedApproval, ...], Strict(False), Field(max_length=200)] = ()
