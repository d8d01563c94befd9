"""The rules of runner governance: one shape each, numbers and lists are parameters of the tenant."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from ringfence.ir.build import (
    add,
    all_of,
    any_of,
    any_prefix,
    derived,
    equal,
    every,
    fact,
    has,
    is_in,
    item,
    least,
    literal,
    lookup,
    message,
    most,
    no,
    or_empty,
    param,
    starts_with,
    subtract,
)
from ringfence.ir.expression import Expr, Now, TenantName
from ringfence.ir.rule import Action, Category, Obligation, Rule

__all__ = ["DEPLOY", "DERIVED", "START", "runner_rules"]

DEPLOY, START = "runner.deploy", "runner.start"

# What the tenant's matrix says of the requested combination: the classifications it may touch.
# A request without a size gets the default one, whose row has no name.
DERIVED: tuple[tuple[str, Expr], ...] = (
    (
        "matrix.classifications",
        lookup(
            "matrix",
            fact("runner.class"),
            fact("runner.network"),
            or_empty("runner.size"),
            default=(),
        ),
    ),
    ("usage.class_hours_after", add(fact("usage.class_hours_month"), fact("run.estimate"))),
    ("usage.running_after", add(fact("usage.running"), fact("run.concurrency"))),
)


@cache
def runner_rules(point: str) -> tuple[Rule, ...]:
    """Build the rules of a runner decision point."""
    rules = (*_combination(), *_limits(), *_network(), *_security(), *_operation())
    here = _at_deploy() if point == DEPLOY else _at_start()
    everywhere = (replace(rule, point=point) for rule in rules)
    return (*everywhere, *_approvals(point), *here)


def _rule(rule_id: str, require: Expr, text: str, fix: str, **members: object) -> Rule:
    return Rule(
        id=rule_id,
        point=START,
        require=require,
        message=message(text),
        fix=fix,
        **members,  # type: ignore[arg-type] # the members are Rule's own keyword fields
    )


def _combination() -> Iterable[Rule]:
    network_known = is_in(fact("runner.network"), param("networks"))
    listed = is_in("public", derived("matrix.classifications"))
    yield _rule(
        "runner.network",
        network_known,
        "network {facts.runner.network} is in no row of the tenant's matrix",
        "use a network profile of the matrix, or have a row approved",
    )
    yield _rule(
        "runner.matrix",
        any_of(no(network_known), listed),
        "{facts.runner.class}/{facts.runner.size}/{facts.runner.network} is not in the tenant's matrix",
        "use a combination of the matrix, or have a row approved",
    )
    yield _rule(
        "runner.classification",
        any_of(no(listed), is_in(fact("data.classification"), derived("matrix.classifications"))),
        "{facts.data.classification} data is more sensitive than this row of the matrix may touch",
        "run on a combination that is approved for this data",
    )
    yield _rule(
        "runner.size.declared",
        any_of(equal(fact("workload.is_new"), True), has("runner.size")),
        "the workload exists and declares no size",
        "declare runner.size; only a new workload gets the default",
    )
    yield _rule(
        "runner.size.default",
        any_of(equal(fact("workload.is_new"), False), has("runner.size")),
        "the default size applies",
        "declare runner.size to choose another",
        otherwise=Action.ALLOW,
        if_unknown=Action.ALLOW,
        category=Category.CORRECTIVE,
        obligations=(
            Obligation(
                (("set", "runner.size"), ("to", {"lookup": ["default_size", "runner.class"]}))
            ),
        ),
    )


def _limits() -> Iterable[Rule]:
    yield _rule(
        "runner.quota.concurrency",
        most(derived("usage.running_after"), param("concurrency")),
        "{derived.usage.running_after} runners are more than the tenant's {params.concurrency}",
        "wait for a run to end, or ask for a larger cap",
    )
    yield _rule(
        "runner.quota.monthly-hours",
        most(
            derived("usage.class_hours_after"),
            lookup("monthly_seconds", fact("runner.class"), default=-1),
        ),
        "{derived.usage.class_hours_after} s of {facts.runner.class} this month are over the quota",
        "wait for the next month, or request an exception",
        waivable=True,
        obligations=(Obligation((("alert", "usage_over_quota"),)),),
    )
    yield _rule(
        "runner.timeout",
        all_of(
            least(fact("run.timeout"), 1),
            most(fact("run.timeout"), lookup("timeouts", fact("runner.class"), default=-1)),
        ),
        "timeout {facts.run.timeout} s is missing, or over the limit for {facts.runner.class}",
        "declare run.timeout within the limit of the class",
    )
    yield _rule(
        "runner.retries.capped",
        most(fact("retries.max_attempts"), param("max_attempts")),
        "{facts.retries.max_attempts} attempts are not capped at {params.max_attempts}",
        "declare retries.max_attempts within the cap",
    )


def _network() -> Iterable[Rule]:
    yield _rule(
        "runner.network.public-egress",
        any_of(
            no(equal(fact("runner.network"), "public_vpc_egress")),
            every("endpoints", equal(item("private_available"), False)),
        ),
        "public egress to an endpoint that has private connectivity",
        "use privatelink, vpn or private_vpc for this endpoint",
    )
    yield _rule(
        "runner.network.dns",
        every(
            "endpoints",
            all_of(
                equal(item("dns_validated"), True),
                least(item("dns_checked_at"), subtract(Now(), param("dns_max_age"))),
            ),
        ),
        "an endpoint behind {facts.runner.network} has no fresh DNS validation",
        "validate the endpoint's private name and send dns_validated and dns_checked_at",
        where=is_in(fact("runner.network"), ("privatelink", "vpn")),
    )
    yield _rule(
        "runner.network.on-premise",
        has("residency.requirement_id"),
        "an on-premise agent without a residency requirement",
        "name the residency requirement, or use another network",
        where=equal(fact("runner.network"), "on_premise"),
    )


def _security() -> Iterable[Rule]:
    yield _rule(
        "runner.secrets.platform-service",
        all_of(
            equal(fact("secrets_inline"), 0),
            every("secrets", starts_with(item("ref"), param("secrets_service"))),
        ),
        "a secret does not come from the platform's secrets service",
        "store it there and send its reference",
        invariant=True,
    )
    yield _rule(
        "runner.images.registry",
        every("images", any_prefix(item("repository"), "registries")),
        "an image comes from a registry that is not approved",
        "push the image to an approved registry",
    )
    yield _rule(
        "runner.images.digest",
        every("images", starts_with(item("digest"), literal("sha256:"))),
        "an image is not pinned by digest",
        "send the digest of every image",
    )
    yield _rule(
        "runner.drivers.source",
        every("drivers", any_prefix(item("source"), "driver_sources")),
        "a driver comes from a source that is not approved",
        "use a driver of an approved source",
    )
    yield _rule(
        "runner.logging.access",
        all_of(equal(fact("logging.access_enabled"), True), has("logging.access_sink")),
        "access logs are off, or go nowhere",
        "enable access logs and name their sink",
    )


def _operation() -> Iterable[Rule]:
    yield _rule(
        "runner.tags",
        all_of(
            equal(fact("tags.class"), fact("runner.class")),
            any_of(no(has("runner.size")), equal(fact("tags.size"), fact("runner.size"))),
            equal(fact("tags.tenant"), TenantName()),
            equal(fact("tags.pipeline"), fact("pipeline.id")),
        ),
        "a chargeback tag is missing or differs from the manifest",
        "tag the run with its class, size, tenant and pipeline",
    )


def _approvals(point: str) -> Iterable[Rule]:
    # At deployment a person can still approve; at start an unapproved run is refused outright.
    action = Action.HUMAN_REVIEW if point == DEPLOY else Action.BLOCK
    high_impact = (
        ("xlarge", any_of(no(has("runner.size")), no(equal(fact("runner.size"), "xlarge")))),
        (
            "custom",
            all_of(
                equal(fact("runner.profile"), "standard"),
                any_of(no(has("runner.size")), no(equal(fact("runner.size"), "custom"))),
            ),
        ),
        ("dedicated", no(equal(fact("runner.class"), "dedicated_compute"))),
    )
    for name, require in high_impact:
        yield Rule(
            id=f"runner.approval.{name}",
            point=point,
            require=require,
            otherwise=action,
            message=message(f"{name} needs a documented approval"),
            fix="present an approval for this very request: see `ringfence approve --help`",
            approvable=True,
        )


def _at_deploy() -> Iterable[Rule]:
    yield Rule(
        id="runner.scan.required",
        point=DEPLOY,
        require=all_of(
            equal(fact("scan.status"), "passed"),
            equal(fact("scan.digest"), fact("artifact.digest")),
        ),
        message=message("no attested, passed vulnerability scan of this artifact"),
        fix="scan this very artifact and present the scanner's attestation",
    )
    yield Rule(
        id="runner.dlq.required",
        point=DEPLOY,
        where=equal(fact("workload.processes_events"), True),
        require=has("dlq.ref"),
        message=message("the workload processes events or partitions without a dead letter queue"),
        fix="declare dlq.ref",
    )


def _at_start() -> Iterable[Rule]:
    yield Rule(
        id="runner.evidence.sink",
        point=START,
        require=equal(fact("evidence.sink_reachable"), True),
        message=message("the evidence sink is not known to be reachable"),
        fix="restore the evidence sink; a run without evidence is not started",
    )
    yield Rule(
        id="runner.host.healthy",
        point=START,
        where=equal(fact("runner.class"), "dedicated_compute"),
        require=all_of(
            equal(fact("host.healthy"), True),
            least(fact("host.checked_at"), subtract(Now(), param("host_max_age"))),
        ),
        message=message("the dedicated host has no fresh, passed health check"),
        fix="check the host's health just before the start",
    )
