"""`RunnerPolicy`: what a tenant's pipelines may run on."""

from typing import Annotated, Literal

from pydantic import Field

from ringfence.language.kinds.kind import Kind, Merge
from ringfence.language.values import Duration, Line, Model, Seq, Text

__all__ = ["KIND", "Loosening", "MatrixRow", "Overridable", "RunnerPolicy"]

RunnerClass = Literal["serverless", "container", "managed_etl", "dedicated_compute"]
Size = Literal["small", "medium", "large", "xlarge", "custom"]
Network = Literal["public_vpc_egress", "private_vpc", "privatelink", "vpn", "on_premise"]
Classification = Literal["public", "internal", "confidential", "restricted"]
Count = Annotated[int, Field(ge=0, le=10**9)]
Prefix = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.:/_-]{0,200}$")]


class Budget(Model):
    """Who pays for a row of the matrix."""

    cost_center: Line


class MatrixRow(Model):
    """One row of the matrix: every combination of its classes, sizes and networks.

    `data_up_to` is the most sensitive data that a run of this row may touch.
    """

    classes: Annotated[Seq[RunnerClass], Field(min_length=1)]
    sizes: Annotated[Seq[Size], Field(min_length=1)]
    networks: Annotated[Seq[Network], Field(min_length=1)]
    data_up_to: Classification
    regulations: Seq[Line] = ()
    budget: Budget | None = None
    rationale: Text


class Quotas(Model):
    """What a tenant may use: reached is fine, one more is blocked."""

    monthly_hours: dict[RunnerClass, Duration] = {}
    concurrency: Count | None = None


class Retries(Model):
    """How often a failed run is tried again."""

    max_attempts: Annotated[int, Field(ge=1, le=1000)]


class Secrets(Model):
    """Where secrets come from: `service` is the prefix of every reference."""

    service: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://[a-z0-9._/-]*$")]


class Checks(Model):
    """How old a check may be."""

    dns_max_age: Duration | None = None
    host_max_age: Duration | None = None


class Loosening(Model):
    """A field that is looser here than in the broader scope, and why."""

    field: Line
    rationale: Text


class Overridable(Model):
    """A field that narrower scopes may loosen, and how far."""

    field: Line
    loosen_to: str | int


class RunnerPolicy(Model):
    """What pipelines may run on; at a tenant, `matrix` is due."""

    matrix: Seq[MatrixRow] = ()
    quotas: Quotas = Quotas()
    timeouts: dict[RunnerClass, Duration] = {}
    retries: Retries | None = None
    registries: Seq[Prefix] = ()
    driver_sources: Seq[Prefix] = ()
    secrets: Secrets | None = None
    checks: Checks = Checks()
    loosens: Seq[Loosening] = ()
    overridable: Seq[Overridable] = ()


KIND = Kind(
    name="RunnerPolicy",
    spec=RunnerPolicy,
    scopes=frozenset({"platform", "tenant"}),
    description="What a tenant's pipelines may run on.",
    merge={
        "matrix": Merge.OWN,
        "quotas.monthly_hours.*": Merge.MIN,
        "quotas.concurrency": Merge.MIN,
        "timeouts.*": Merge.MIN,
        "retries.max_attempts": Merge.MIN,
        "registries": Merge.WITHIN,
        "driver_sources": Merge.WITHIN,
        "secrets.service": Merge.FIXED,
        "checks.dns_max_age": Merge.MIN,
        "checks.host_max_age": Merge.MIN,
    },
)
