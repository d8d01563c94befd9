"""The module of one decision point, and the entry point."""

from collections.abc import Sequence

from ringfence.emit.body import Body
from ringfence.emit.clauses import refuted_clauses
from ringfence.emit.rego_filter import environment
from ringfence.emit.rows import row
from ringfence.emit.violations import Violations
from ringfence.ir.rule import PointProgram
from ringfence.ir.schema import DecisionPoint

__all__ = ["emit_main", "emit_point"]


def emit_main(points: Sequence[DecisionPoint], *, fresh: bool) -> str:
    """Write the entry point, which only routes; with `fresh`, a stale policy blocks."""
    template = environment().get_template("main.rego.j2")
    ordered = sorted(points, key=lambda point: point.name)
    return template.render(points=ordered, fresh=fresh)


def emit_point(program: PointProgram) -> str:
    """Write the module `ringfence.points.KEY`: gate, violations of shared rules, the decision."""
    point = program.point
    params = f"data.ringfence.params.{point.key}[input.tenant]"
    template = environment().get_template("point.rego.j2")
    return template.render(
        violations=Violations(program=program, params=params),
        refuted=refuted_clauses(program.rules, point=point, derived=program.derived, params=params),
        labels={rule.id: rule.id for rule in program.rules},
        rows=[(r, row(r, point=point, derived=program.derived)) for r in program.rules],
        point=point,
        derived=_derived(program, params=params),
    )


def _derived(program: PointProgram, *, params: str) -> list[tuple[str, tuple[str, ...], str]]:
    found = []
    for name, expr in program.derived:
        body = Body(
            point=program.point,
            derived=program.derived,
            params=params,
            expressions=(expr,),
        )
        found.append((name, body.statements, body.value(expr)))
    return found
