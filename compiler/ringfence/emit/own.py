"""The module of a list of tenants' own rules: a body a clause, so that OPA's index can skip most."""

import hashlib
from collections.abc import Iterable, Sequence

from ringfence.emit.body import Body
from ringfence.emit.clauses import Clause, failing_clauses, refuted_clauses
from ringfence.emit.names import reference
from ringfence.emit.rego_filter import environment
from ringfence.emit.simplify import Simplifier
from ringfence.ir.expression import And, Derived, Expr, Lifted, Quantifier
from ringfence.ir.logic import Optionals, walk
from ringfence.ir.rule import Rule
from ringfence.ir.schema import DecisionPoint

__all__ = ["emit_list", "list_name"]


def emit_list(
    rules: Sequence[Rule], *, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...]
) -> str:
    """Write the module of a list, after lifting (`ringfence.emit.lift`).

    Its rules are known by their place in the list, since tenants that share it name them differently.
    Always-present facts are not checked again: the decision point's own body has done it.
    """
    params = f"data.ringfence.params.{point.key}[input.tenant]"
    optionals, simplifier = Optionals(point, derived), Simplifier(point.by_name())

    def body(*expressions: Expr) -> Body:
        return Body(point=point, derived=derived, params=params, expressions=expressions)

    violated: list[Clause] = []
    read: list[Expr] = []
    for rule in rules:
        for number, failing in failing_clauses(rule, optionals):
            read.append(failing)
            steps = _steps(simplifier.simplify(failing))
            lines = [line for step in steps for line in _hold(body(step), step)]
            statements = tuple(dict.fromkeys(lines))
            violated.append(Clause(rule=rule, number=number, statements=statements))
    return (
        environment()
        .get_template("list.rego.j2")
        .render(
            checked=body(*read).optional_checks,
            numbers=_all_numbers(read, params=params),
            violated=violated,
            refuted=refuted_clauses(rules, point=point, derived=derived, params=params),
            labels={rule.id: place for place, rule in enumerate(rules)},
            point=point,
            name=list_name(rules, point=point),
        )
    )


def list_name(rules: Sequence[Rule], *, point: DecisionPoint) -> str:
    """Name a list of lifted rules by its content: the same shapes give the same name."""
    shapes = [(rule.where, rule.require, rule.if_unknown is rule.otherwise) for rule in rules]
    return "l_" + hashlib.sha256(repr((point, shapes)).encode()).hexdigest()[:16]


def _steps(failing: Expr) -> tuple[Expr, ...]:
    """Split a conjunction into statements; one that has passes or computed values stays whole."""
    if any(isinstance(node, (Quantifier, Derived)) for node in walk(failing)):
        return (failing,)
    return failing.operands if isinstance(failing, And) and failing.operands else (failing,)


def _all_numbers(read: Iterable[Expr], *, params: str) -> str:
    """Write that the numbers of the rules are there, by their last; "" where they need none."""
    lifted = [node.index for one in read for node in walk(one) if isinstance(node, Lifted)]
    return f"is_number({reference(f'{params}.numbers', [str(max(lifted))])})" if lifted else ""


def _hold(body: Body, condition: Expr) -> Iterable[str]:
    return (*body.statements, body.condition(condition))
