"""Extend decision points by the facts that teams declare."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ringfence.errors import Diagnostic
from ringfence.ir.schema import DecisionPoint, Fact, FactType, Scalar
from ringfence.language.kinds.facts import Facts, FactSpec, FieldSpec
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean

__all__ = ["extend_points", "unknown_point"]


def extend_points(
    points: Mapping[str, DecisionPoint], policies: Iterable[Policy]
) -> tuple[dict[str, DecisionPoint], tuple[Diagnostic, ...]]:
    """Add the facts of `Facts` documents to their points."""
    extended = dict(points)
    diagnostics: list[Diagnostic] = []
    taken = {
        fact.path[0]: "the decision point" for point in points.values() for fact in point.facts
    }
    for policy in policies:
        spec = policy.spec
        assert isinstance(spec, Facts)
        if spec.namespace in taken:
            message = f"namespace `{spec.namespace}` belongs to {taken[spec.namespace]}"
            span = policy.value("namespace")
            diagnostics.append(Diagnostic("RF308", span, message, "choose another namespace"))
            continue
        taken[spec.namespace] = f"`{policy.document.file}`"
        facts = tuple(_fact(f"{spec.namespace}.{name}", one) for name, one in spec.facts.items())
        diagnostics += [
            problem
            for name, one in spec.facts.items()
            for problem in _problems(policy, name, one, facts=spec.facts)
        ]
        for index, name in enumerate(spec.at):
            if name not in extended:
                diagnostics.append(unknown_point(name, policy, ("at", index), extended))
                continue
            extended[name] = replace(extended[name], facts=extended[name].facts + facts)
    return extended, tuple(diagnostics)


def unknown_point(
    name: str, policy: Policy, path: tuple[str | int, ...], points: Iterable[str]
) -> Diagnostic:
    """Say that no such decision point exists, and which is meant or which there are."""
    known = sorted(points)
    near = did_you_mean(name, known)
    hint = f"did you mean `{near}`?" if near else f"decision points: {', '.join(known)}"
    return Diagnostic("RF307", policy.value(*path), f"no decision point `{name}`", hint)


def _fact(name: str, spec: FactSpec) -> Fact:
    fields = tuple(
        Fact(name=field, type=_type(one), required=one.required, description=one.description or "")
        for field, one in spec.fields.items()
    )
    kind = FactType(fields=fields, max_items=spec.max_items) if fields else _type(spec)
    if isinstance(spec, FactSpec) and spec.many:
        kind = replace(kind, many=True, max_items=spec.max_items)
    return Fact(
        name=name,
        type=kind,
        binds=spec.binds,
        secret=spec.secret,
        personal=spec.personal,
        description=spec.description,
    )


def _type(spec: FactSpec | FieldSpec) -> FactType:
    return FactType(
        scalar=Scalar.STRING if spec.type == "records" else Scalar(spec.type),
        values=spec.values,
        ordered=getattr(spec, "ordered", False),
        minimum=spec.minimum,
        maximum=spec.maximum,
    )


def _problems(
    policy: Policy, name: str, spec: FactSpec, *, facts: Iterable[str]
) -> Iterable[Diagnostic]:
    span = policy.key("facts", name)
    if (spec.type == "enum") != bool(spec.values):
        yield Diagnostic(
            "RF309", span, f"`{name}`: `values` go with `type: enum`", "list the values"
        )
    if (spec.type == "records") != bool(spec.fields):
        message = f"`{name}`: `fields` go with `type: records`"
        yield Diagnostic("RF309", span, message, "list the fields of a record")
    above = next((other for other in facts if name.startswith(f"{other}.")), None)
    if above is not None:
        message = f"`{name}` lies below the fact `{above}`, which is a value of its own"
        yield Diagnostic("RF309", span, message, "rename one of the two")
