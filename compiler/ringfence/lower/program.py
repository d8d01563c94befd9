"""From understood policies to programs: what all tenants share, and what each adds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from ringfence.errors import Diagnostic, Span
from ringfence.ir.expression import Expr
from ringfence.ir.rule import Cited, PointProgram, Rule, TenantProgram
from ringfence.language.facts import all_points
from ringfence.language.kinds import all_kinds
from ringfence.language.kinds.policy_set import Parameter, PolicySet
from ringfence.language.kinds.tenant import Tenant
from ringfence.language.merge import merge
from ringfence.language.policy import Policy
from ringfence.language.project import Team
from ringfence.lower.facts import extend_points, unknown_point
from ringfence.lower.joined import join_params
from ringfence.lower.kinds import all_lowerings
from ringfence.lower.lowering import Lowering, TenantParams
from ringfence.lower.policy_set import lower_set, parameter_value

__all__ = ["Platform", "lower_own", "lower_platform", "lower_tenant", "tenant_kinds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedParameter:
    """A parameter of a platform's set, which tenants may set."""

    point: str
    value: object
    parameter: Parameter
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What the platform's documents come to: the same for every tenant.

    `governing` maps a kind to the platform's own policy of it, if there is one.
    """

    points: Mapping[str, PointProgram]
    params: Mapping[str, SharedParameter] = field(default_factory=dict)
    governing: Mapping[str, Policy] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)


def lower_platform(
    policies: Sequence[Policy], *, facts: Iterable[Policy], teams: Mapping[str, Team]
) -> tuple[Platform, tuple[Diagnostic, ...]]:
    """Lower the platform's documents; `facts` are the `Facts` documents of all scopes."""
    points, problems = extend_points(all_points(), facts)
    diagnostics = list(problems)
    rules: dict[str, list[Rule]] = {name: list(_built_in(name)) for name in points}
    params: dict[str, SharedParameter] = {}
    for policy in _of(policies, "PolicySet"):
        spec = policy.spec
        assert isinstance(spec, PolicySet)
        if spec.at not in points:
            diagnostics.append(unknown_point(spec.at, policy, ("at",), points))
            continue
        lowered, problems = lower_set(
            policy,
            point=points[spec.at],
            derived=_derived(spec.at),
            escalate_to=teams[policy.metadata.owner].escalation,
        )
        diagnostics += problems
        rules[spec.at] += lowered.rules
        for name, value in lowered.params.items():
            parameter = spec.params[name.split(".", 1)[1]]
            params[name] = SharedParameter(
                point=spec.at, value=value, parameter=parameter, policy=policy
            )
    governing, problems = _single(policies, _tenant_kinds())
    programs = {
        name: PointProgram(point=point, rules=tuple(rules[name]), derived=_derived(name))
        for name, point in points.items()
    }
    platform = Platform(points=programs, params=params, governing=governing, teams=teams)
    return platform, (*diagnostics, *problems)


def lower_tenant(
    name: str, policies: Sequence[Policy], *, platform: Platform
) -> tuple[TenantProgram, tuple[Diagnostic, ...]]:
    """Lower one tenant's documents against the platform."""
    joined = [kind for kind in _tenant_kinds() if all_lowerings()[kind].joined]
    single, problems = _single(policies, [k for k in _tenant_kinds() if k not in joined])
    diagnostics = list(problems)
    governing = {kind: [policy] for kind, policy in single.items()}
    governing |= {kind: several for kind in joined if (several := _of(policies, kind))}
    params: dict[str, dict[str, object]] = {}
    sources: dict[str, dict[str, Span | Cited]] = {}
    tables: dict[str, object] = {}
    for kind, own in governing.items():
        found, more = _governed(all_lowerings()[kind], own, platform=platform)
        diagnostics += more
        for point, values in found.params.items():
            params.setdefault(point, {}).update(values)
            sources.setdefault(point, {}).update(found.sources[point])
        tables |= found.tables
    for full, shared in platform.params.items():
        if shared.point in params:
            params[shared.point][full] = shared.value
    rules: list[Rule] = []
    for policy in _of(policies, "PolicySet"):
        diagnostics += _own_set(
            policy, platform=platform, params=params, sources=sources, rules=rules
        )
    tenant = next((p for p in _of(policies, "Tenant")), None)
    program = TenantProgram(
        name=name,
        wave=(tenant.spec.wave or "") if tenant and isinstance(tenant.spec, Tenant) else "",
        escalate_to=_escalation(tenant, governing, policies, platform),
        params=params,
        rules=tuple(rules),
        sources=sources,
        tables=tables,
    )
    return program, tuple(diagnostics)


def _governed(
    lowering: Lowering, policies: Sequence[Policy], *, platform: Platform
) -> tuple[TenantParams, list[Diagnostic]]:
    """Lower a tenant's documents of one kind: one, or several that stand beside one another."""
    broad = platform.governing.get(lowering.kind)
    diagnostics: list[Diagnostic] = []
    documents = []
    for policy in policies:
        effective, problems = merge(all_kinds()[lowering.kind], broad=broad, narrow=policy)
        diagnostics += problems
        found, problems = lowering.params(effective, broad, policy)
        diagnostics += problems
        documents.append((policy, found))
    if lowering.joined is None:
        return documents[0][1], diagnostics
    joined, problems = join_params(documents, by=lowering.joined)
    return joined, [*diagnostics, *problems]


def lower_own(policies: Sequence[Policy]) -> TenantProgram | None:
    """Lower what governs the platform itself: the program of the tenant `platform`, if any."""
    params: dict[str, Mapping[str, object]] = {}
    sources: dict[str, Mapping[str, Span | Cited]] = {}
    for lowering in all_lowerings().values():
        own = _of(policies, lowering.kind)
        if lowering.platform and own:
            found = lowering.platform(own)
            params |= found.params
            sources |= found.sources
    return TenantProgram(name="platform", params=params, sources=sources) if params else None


def _own_set(
    policy: Policy,
    *,
    platform: Platform,
    params: dict[str, dict[str, object]],
    sources: dict[str, dict[str, Span | Cited]],
    rules: list[Rule],
) -> list[Diagnostic]:
    spec = policy.spec
    assert isinstance(spec, PolicySet)
    if spec.at not in platform.points:
        return [unknown_point(spec.at, policy, ("at",), platform.points)]
    program = platform.points[spec.at]
    if policy.scope.contract and "workload.id" not in program.point.by_name():
        message = f"`{spec.at}` has no `workload.id`, by which a contract governs"
        return [Diagnostic("RF314", policy.value("at"), message, "move the rules to the tenant")]
    lowered, problems = lower_set(
        policy,
        point=program.point,
        derived=program.derived,
        escalate_to=platform.teams[policy.metadata.owner].escalation,
    )
    rules += lowered.rules
    if spec.at in params:
        params[spec.at].update(lowered.params)
        sources[spec.at].update({rule.id: rule.span for rule in lowered.rules})
    return [*problems, *_overrides(policy, spec, platform=platform, params=params)]


def _overrides(
    policy: Policy, spec: PolicySet, *, platform: Platform, params: dict[str, dict[str, object]]
) -> list[Diagnostic]:
    diagnostics = []
    loosened = {entry.field for entry in spec.loosens}
    for name, raw in spec.set.items():
        shared, span = platform.params.get(name), policy.key("set", name)
        if shared is None:
            known = ", ".join(sorted(platform.params)) or "none"
            diagnostics.append(
                Diagnostic("RF310", span, f"no parameter `{name}`", f"parameters: {known}")
            )
            continue
        try:
            value = parameter_value(shared.parameter, raw)
        except ValueError as error:
            diagnostics.append(Diagnostic("RF309", span, f"`{name}` {error}"))
            continue
        problem = _too_loose(name, value, shared, listed=name in loosened)
        if problem:
            diagnostics.append(Diagnostic(problem[0], span, problem[1], problem[2]))
        elif shared.point in params:
            params[shared.point][name] = value
    return diagnostics


def _too_loose(
    name: str, value: object, shared: SharedParameter, *, listed: bool
) -> tuple[str, str, str] | None:
    parameter = shared.parameter
    if value == shared.value or not _is_looser(parameter, value, than=shared.value):
        return None
    message = f"`{name}` is looser than the platform's, {shared.policy.value('params', name.split('.', 1)[1], 'value')}"
    if parameter.overridable is None:
        return "RF303", message, "tighten it; the platform does not let it be loosened"
    if not listed:
        return "RF302", message, f"list `field: {name}` under `loosens` with a rationale"
    bound = parameter_value(parameter, parameter.overridable.loosen_to)
    if _is_looser(parameter, value, than=bound):
        return (
            "RF303",
            message,
            f"the platform lets it be loosened to `{parameter.overridable.loosen_to}`",
        )
    return None


def _is_looser(parameter: Parameter, value: object, *, than: object) -> bool:
    # Without an order any other value counts as looser.
    if parameter.stricter == "higher":
        return bool(value < than)  # type: ignore[operator] # both are of the parameter's ordered type
    if parameter.stricter == "lower":
        return bool(value > than)  # type: ignore[operator] # the same
    return value != than


def _escalation(
    tenant: Policy | None,
    governing: Mapping[str, Sequence[Policy]],
    policies: Sequence[Policy],
    platform: Platform,
) -> str:
    if tenant and isinstance(tenant.spec, Tenant) and tenant.spec.escalation:
        return tenant.spec.escalation
    owner = next(iter([tenant] if tenant else [*chain(*governing.values()), *policies]), None)
    return platform.teams[owner.metadata.owner].escalation if owner else ""


def _of(policies: Iterable[Policy], kind: str) -> list[Policy]:
    return [policy for policy in policies if policy.kind.name == kind]


def _single(
    policies: Sequence[Policy], kinds: Iterable[str]
) -> tuple[dict[str, Policy], tuple[Diagnostic, ...]]:
    found: dict[str, Policy] = {}
    diagnostics = []
    for policy in policies:
        if policy.kind.name not in (*kinds, "Tenant"):
            continue
        first = found.setdefault(policy.kind.name, policy)
        if first is not policy:
            span = policy.document.spans.value(("kind",))
            message = f"`{first.document.file}` is a {policy.kind.name} of `{policy.scope}` already"
            diagnostics.append(Diagnostic("RF306", span, message, "join the two"))
    found.pop("Tenant", None)
    return found, tuple(diagnostics)


def tenant_kinds() -> frozenset[str]:
    """List the kinds of documents that a tenant's program is made of."""
    return frozenset({*_tenant_kinds(), "PolicySet", "Tenant"})


def _tenant_kinds() -> list[str]:
    return [kind for kind, lowering in all_lowerings().items() if lowering.platform is None]


def _lowerings(point: str) -> list[Lowering]:
    return [lowering for lowering in all_lowerings().values() if point in lowering.points]


def _built_in(point: str) -> list[Rule]:
    return [rule for lowering in _lowerings(point) for rule in lowering.rules(point)]


def _derived(point: str) -> tuple[tuple[str, Expr], ...]:
    return tuple(value for lowering in _lowerings(point) for value in lowering.derived(point))
