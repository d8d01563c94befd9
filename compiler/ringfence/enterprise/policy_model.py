"""The export policy, as it is written."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from ringfence.language.values import Line, Model, Name, RuleId, Seq

__all__ = [
    "ControlRules",
    "Controls",
    "Deployment",
    "Encryption",
    "ExportFormat",
    "ExporterGrant",
    "PolicyFile",
    "Retention",
]

ExportFormat = Literal["folder", "archive", "ocsf", "cef", "ecs", "openinference"]
_THUMBPRINT = r"^[A-Za-z0-9_-]{43}$"
_RECIPIENT = r"^age1[02-9ac-hj-np-z]{58}$"
_CONTROL = r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"


class ExporterGrant(Model):
    """Who may export whose records: `key` is the thumbprint of the exporter's package key (RFC 7638)."""

    name: Line
    key: Annotated[str, Field(pattern=_THUMBPRINT)]
    tenants: Annotated[Seq[Name], Field(min_length=1)]


class Encryption(Model):
    """Whether a package must be encrypted with age, and to which recipients only; none named are any."""

    required: bool = False
    recipients: Seq[Annotated[str, Field(pattern=_RECIPIENT)]] = ()


class Retention(Model):
    """How old, by the time that it claims, a decision may be that leaves the ledger."""

    days: Annotated[int, Field(ge=1, le=36_500)]


class Deployment(Model):
    """How the ledger is run. With `no_egress` an export asks nobody over a network."""

    mode: Literal["self_hosted", "air_gapped", "managed"]
    no_egress: bool = False
    isolation: Line = ""
    data_residency: Line = ""
    key_management: Line = ""
    architectures: Seq[Line] = ()


class ControlRules(Model):
    """A control, and the rules by which it is kept."""

    control: Annotated[str, Field(pattern=_CONTROL)]
    rules: Seq[RuleId] = ()


class Controls(Model):
    """A catalogue, by address, and the controls in it that rules keep."""

    framework: Line
    catalog: Line
    mapping: Annotated[Seq[ControlRules], Field(min_length=1)]

    @field_validator("mapping")
    @classmethod
    def _refuse_equal(cls, found: tuple[ControlRules, ...]) -> tuple[ControlRules, ...]:
        if len({one.control for one in found}) != len(found):
            raise ValueError("a control stands there twice")
        return found


class PolicyFile(Model):
    """What may leave the ledger, as what, where to, and by whom; `recorded` demands a record of it there."""

    name: Name
    classification: Line
    exporters: Annotated[Seq[ExporterGrant], Field(min_length=1)]
    formats: Annotated[Seq[ExportFormat], Field(min_length=1)]
    regions: Seq[Line] = ()
    encryption: Encryption = Encryption()
    recorded: bool = False
    retention: Retention | None = None
    deployment: Deployment
    controls: Controls | None = None

    @field_validator("exporters")
    @classmethod
    def _refuse_equal(cls, found: tuple[ExporterGrant, ...]) -> tuple[ExporterGrant, ...]:
        for field in ("name", "key"):
            if len({getattr(one, field) for one in found}) != len(found):
                raise ValueError(f"two exporters have one `{field}`")
        return found
