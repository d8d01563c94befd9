"""Lower `RunnerPolicy`: fixed rules, and a row of parameters a tenant."""

from collections.abc import Iterator, Mapping

from ringfence.errors import Diagnostic, Span
from ringfence.ir.expression import Expr
from ringfence.language.facts._runner import CLASSIFICATIONS, SIZES
from ringfence.language.kinds.runner_policy import MatrixRow, RunnerPolicy
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy
from ringfence.lower.kinds._runner_rules import DEPLOY, DERIVED, START, runner_rules
from ringfence.lower.lowering import Lowering, TenantParams

__all__ = ["LOWERING"]

_Combination = tuple[str, str, str]

# The field that a rule's reason cites.
_FIELDS = {
    "runner.network": ("matrix",),
    "runner.matrix": ("matrix",),
    "runner.classification": ("matrix",),
    "runner.size.declared": ("matrix",),
    "runner.size.default": ("matrix",),
    "runner.quota.concurrency": ("quotas", "concurrency"),
    "runner.quota.monthly-hours": ("quotas", "monthly_hours"),
    "runner.timeout": ("timeouts",),
    "runner.retries.capped": ("retries", "max_attempts"),
    "runner.network.dns": ("checks", "dns_max_age"),
    "runner.secrets.platform-service": ("secrets", "service"),
    "runner.images.registry": ("registries",),
    "runner.drivers.source": ("driver_sources",),
    "runner.host.healthy": ("checks", "host_max_age"),
}


def _params(
    effective: Effective, broad: Policy | None, narrow: Policy
) -> tuple[TenantParams, tuple[Diagnostic, ...]]:
    spec = narrow.spec
    assert isinstance(spec, RunnerPolicy)
    cells = _cells(spec)
    diagnostics = [
        *_missing(effective, cells, narrow),
        *(_beyond_platform(cells, broad, narrow) if broad else ()),
    ]
    row = _row(effective, cells)
    sources = {point: _sources(point, broad, narrow) for point in (DEPLOY, START)}
    params = TenantParams(params={DEPLOY: row, START: row}, sources=sources)
    return params, tuple(diagnostics)


def _cells(spec: RunnerPolicy) -> dict[_Combination, tuple[int, MatrixRow]]:
    """Map each listed combination to the highest classification's rank that it may touch."""
    cells: dict[_Combination, tuple[int, MatrixRow]] = {}
    for row in spec.matrix:
        rank = CLASSIFICATIONS.index(row.data_up_to)
        for runner_class in row.classes:
            for network in row.networks:
                for size in row.sizes:
                    key = (runner_class, network, size)
                    cells[key] = max(cells.get(key, (rank, row)), (rank, row), key=lambda c: c[0])
    return cells


def _row(
    effective: Effective, cells: Mapping[_Combination, tuple[int, MatrixRow]]
) -> dict[str, object]:
    sizes = _default_sizes(cells)
    matrix: dict[str, dict[str, dict[str, list[str]]]] = {}
    for (runner_class, network, size), (rank, _) in sorted(cells.items(), key=lambda c: c[0]):
        allowed = list(CLASSIFICATIONS[: rank + 1])
        by_size = matrix.setdefault(runner_class, {}).setdefault(network, {})
        by_size[size] = allowed
        if size == sizes[runner_class]:
            by_size[""] = allowed
    return {
        "matrix": matrix,
        "networks": sorted({network for _, network, _ in cells}),
        "default_size": sizes,
        "concurrency": effective.value("quotas.concurrency") or 0,
        "monthly_seconds": effective.table("quotas.monthly_hours"),
        "timeouts": effective.table("timeouts"),
        "max_attempts": effective.value("retries.max_attempts") or 0,
        "registries": _prefixes(effective.value("registries")),
        "driver_sources": _prefixes(effective.value("driver_sources")),
        "secrets_service": effective.value("secrets.service") or "",
        "dns_max_age": effective.value("checks.dns_max_age") or 0,
        "host_max_age": effective.value("checks.host_max_age") or 0,
    }


def _default_sizes(cells: Mapping[_Combination, object]) -> dict[str, str]:
    """Choose medium where the class has it, else the class's smallest listed size."""
    listed: dict[str, list[str]] = {}
    for runner_class, _, size in cells:
        listed.setdefault(runner_class, []).append(size)
    return {
        name: "medium" if "medium" in sizes else min(sizes, key=SIZES.index)
        for name, sizes in sorted(listed.items())
    }


def _prefixes(items: object) -> list[str]:
    return [f"{item.rstrip('/')}/" for item in items] if isinstance(items, tuple) else []


def _missing(
    effective: Effective, cells: Mapping[_Combination, object], policy: Policy
) -> Iterator[Diagnostic]:
    if not cells:
        message = "this tenant's policy lists no combination to run on"
        yield Diagnostic("RF313", policy.key(), message, "add `matrix:` with the approved rows")
    due = ["quotas.concurrency", "retries.max_attempts", "secrets.service"]
    for runner_class in sorted({key[0] for key in cells}):
        due += [f"timeouts.{runner_class}", f"quotas.monthly_hours.{runner_class}"]
    if {"privatelink", "vpn"} & {key[1] for key in cells}:
        due.append("checks.dns_max_age")
    if "dedicated_compute" in {key[0] for key in cells}:
        due.append("checks.host_max_age")
    for field in due:
        if effective.value(field) is None:
            message = f"neither the platform nor this tenant says `{field}`"
            yield Diagnostic(
                "RF305", policy.key(), message, f"set `{field}` here, or at the platform"
            )


def _beyond_platform(
    cells: Mapping[_Combination, tuple[int, MatrixRow]], broad: Policy, narrow: Policy
) -> Iterator[Diagnostic]:
    outer, spec = broad.spec, narrow.spec
    assert isinstance(outer, RunnerPolicy)
    assert isinstance(spec, RunnerPolicy)
    if not outer.matrix:
        return
    allowed = _cells(outer)
    for key, (rank, row) in sorted(cells.items(), key=lambda c: c[0]):
        span = narrow.value("matrix", spec.matrix.index(row))
        name = "/".join((key[0], key[2], key[1]))
        if key not in allowed:
            message = f"`{name}` is in no row of the platform's matrix"
            yield Diagnostic("RF312", span, message, f"see {broad.key('matrix')}")
        elif rank > allowed[key][0]:
            most = CLASSIFICATIONS[allowed[key][0]]
            message = f"the platform lets `{name}` touch `{most}` data at most"
            yield Diagnostic("RF312", span, message, f"see {broad.key('matrix')}")


def _sources(point: str, broad: Policy | None, narrow: Policy) -> dict[str, Span]:
    found = {}
    for rule in runner_rules(point):
        field = _FIELDS.get(rule.id, ())
        writer = broad if broad and not narrow.has(*field) and broad.has(*field) else narrow
        found[rule.id] = writer.key(*field)
    return found


def _derived(_: str) -> tuple[tuple[str, Expr], ...]:
    return DERIVED


LOWERING = Lowering(
    kind="RunnerPolicy",
    points=(DEPLOY, START),
    rules=runner_rules,
    derived=_derived,
    params=_params,
)
