"""The facts that both runner decision points share."""

from ringfence.ir.schema import Fact, FactSource, FactType, Scalar

__all__ = ["CLASSES", "CLASSIFICATIONS", "NETWORKS", "RUNNER_FACTS", "SIZES", "enum"]

CLASSES = ("serverless", "container", "managed_etl", "dedicated_compute")
SIZES = ("small", "medium", "large", "xlarge", "custom")
NETWORKS = ("public_vpc_egress", "private_vpc", "privatelink", "vpn", "on_premise")
CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")


def enum(*values: str, ordered: bool = False) -> FactType:
    """Build the type of a fact with these values, ascending where `ordered`."""
    return FactType(scalar=Scalar.ENUM, values=values, ordered=ordered)


BOOLEAN = FactType(scalar=Scalar.BOOLEAN)
INTEGER = FactType(scalar=Scalar.INTEGER)
STRING = FactType(scalar=Scalar.STRING)
DURATION = FactType(scalar=Scalar.DURATION)
TIMESTAMP = FactType(scalar=Scalar.TIMESTAMP)


def _records(*fields: Fact) -> FactType:
    return FactType(fields=fields, max_items=200)


def _fact(name: str, kind: FactType, description: str) -> Fact:
    return Fact(name=name, type=kind, description=description)


def _always(
    name: str, kind: FactType, description: str, *, binds: bool = False, personal: bool = False
) -> Fact:
    return Fact(
        name=name,
        type=kind,
        description=description,
        required=True,
        binds=binds,
        personal=personal,
    )


def _platform(name: str, kind: FactType, description: str, *, required: bool = True) -> Fact:
    return Fact(
        name=name, type=kind, description=description, required=required, source=FactSource.PLATFORM
    )


RUNNER_FACTS = (
    _always(
        "request.by",
        STRING,
        "identity of who asks, such as `user:maria@acme.example`",
        binds=True,
        personal=True,
    ),
    _always("runner.class", enum(*CLASSES), "kind of runner", binds=True),
    Fact(
        name="runner.size",
        type=enum(*SIZES),
        description="declared size; a new workload that declares none gets the tenant's default",
        binds=True,
    ),
    _always(
        "runner.profile",
        enum("standard", "custom"),
        "`custom` for a profile outside the catalogue",
        binds=True,
    ),
    _always("runner.network", enum(*NETWORKS), "network profile", binds=True),
    _always("workload.id", STRING, "stable name of the workload", binds=True),
    _always("workload.is_new", BOOLEAN, "true until the workload's first deployment"),
    _always("workload.processes_events", BOOLEAN, "true when it processes events or partitions"),
    _always("pipeline.id", STRING, "pipeline that the run belongs to", binds=True),
    _always(
        "data.classification",
        enum(*CLASSIFICATIONS, ordered=True),
        "most sensitive data that the run touches",
        binds=True,
    ),
    _always("run.concurrency", INTEGER, "runners that this request adds"),
    _always("run.estimate", DURATION, "estimated runtime that this request adds to the month"),
    _fact("run.timeout", DURATION, "declared timeout of a run"),
    _platform("usage.running", INTEGER, "the tenant's runners that run now"),
    _platform("usage.class_hours_month", DURATION, "runtime of this class used this month"),
    _fact("tags.class", STRING, "chargeback tag, equal to the runner's class"),
    _fact("tags.size", STRING, "chargeback tag, equal to the runner's size"),
    _fact("tags.tenant", STRING, "chargeback tag, equal to the tenant"),
    _fact("tags.pipeline", STRING, "chargeback tag, equal to the pipeline"),
    _always(
        "endpoints",
        _records(
            Fact(name="host", required=True, description="host that the run connects to"),
            Fact(
                name="private_available",
                type=BOOLEAN,
                required=True,
                description="private connectivity exists",
            ),
            Fact(
                name="dns_validated",
                type=BOOLEAN,
                description="the private name resolved as expected",
            ),
            Fact(name="dns_checked_at", type=TIMESTAMP, description="when DNS was validated"),
        ),
        "declared endpoints; may be empty",
    ),
    _fact(
        "residency.requirement_id", STRING, "residency requirement that an on-premise agent serves"
    ),
    _always(
        "secrets",
        _records(
            Fact(name="name", required=True, description="name that the workload knows it by"),
            Fact(name="ref", description="reference into the platform's secrets service"),
        ),
        "declared secrets, by reference; may be empty",
    ),
    _always(
        "secrets_inline",
        INTEGER,
        "inline values and environment literals that look like secrets",
    ),
    _always(
        "images",
        _records(
            Fact(
                name="repository",
                required=True,
                description="registry and path, without tag or digest",
            ),
            Fact(name="digest", description="`sha256:` digest"),
        ),
        "container images; may be empty",
    ),
    _always(
        "drivers",
        _records(
            Fact(name="name", required=True, description="driver name"),
            Fact(name="version", required=True, description="exact version"),
            Fact(name="source", required=True, description="registry and path that it comes from"),
        ),
        "drivers; may be empty",
    ),
    _fact("logging.access_enabled", BOOLEAN, "access logs are on"),
    _fact("logging.access_sink", STRING, "where access logs go"),
    _fact("retries.max_attempts", INTEGER, "attempts before the run fails for good"),
)
