"""The module of one decision point, and the modules of tenants' own lists of rules."""

import hashlib
from collections.abc import Mapping, Sequence

from ringfence.emit.body import Body
from ringfence.emit.clean import clean_body
from ringfence.emit.rego_filter import environment
from ringfence.emit.vector import Vector, vector
from ringfence.ir.expression import Expr
from ringfence.ir.rule import PointProgram, Rule
from ringfence.ir.schema import DecisionPoint

__all__ = ["emit_list", "emit_main", "emit_point", "list_name"]


def emit_main(points: Sequence[DecisionPoint], *, fresh: bool) -> str:
    """Write the entry point, which only routes; with `fresh`, a stale policy blocks."""
    template = environment().get_template("main.rego.j2")
    ordered = sorted(points, key=lambda point: point.name)
    return template.render(points=ordered, fresh=fresh)


def emit_point(program: PointProgram) -> str:
    """Write the module `ringfence.points.KEY`: gate, vector of shared rules, the decision."""
    point = program.point
    params = f"data.ringfence.params.{point.key}[input.tenant]"
    required = tuple(fact.name for fact in point.facts if fact.required)
    shared = vector(
        program.rules, point=point, derived=program.derived, params=params, always=required
    )
    return _render(
        "point.rego.j2",
        shared,
        labels={rule.id: rule.id for rule in program.rules},
        clean=clean_body(program, params=params, always=required),
        point=point,
        derived=_derived(program, params=params),
    )


def emit_list(
    rules: Sequence[Rule], *, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...]
) -> str:
    """Write the module of a list of tenants' own rules, after lifting (`ringfence.emit.lift`).

    Its rules are known by their place in the list, since tenants that share it name them differently.
    """
    params = f"data.ringfence.params.{point.key}[input.tenant]"
    own = vector(rules, point=point, derived=derived, params=params, always=())
    return _render(
        "list.rego.j2",
        own,
        labels={rule.id: place for place, rule in enumerate(rules)},
        point=point,
        name=list_name(rules, point=point),
    )


def list_name(rules: Sequence[Rule], *, point: DecisionPoint) -> str:
    """Name a list of lifted rules by its content: the same shapes give the same name."""
    shapes = [(rule.where, rule.require, rule.if_unknown is rule.otherwise) for rule in rules]
    return "l_" + hashlib.sha256(repr((point, shapes)).encode()).hexdigest()[:16]


def _derived(program: PointProgram, *, params: str) -> list[tuple[str, tuple[str, ...], str]]:
    found = []
    for name, expr in program.derived:
        body = Body(
            point=program.point,
            derived=program.derived,
            params=params,
            expressions=(expr,),
            gated=False,
        )
        found.append((name, body.statements, body.value(expr)))
    return found


def _render(
    template: str, rules: Vector, *, labels: Mapping[str, object], **context: object
) -> str:
    """Lay a vector out; `labels` are what the module calls its rules."""
    return environment().get_template(template).render(vector=rules, labels=labels, **context)
