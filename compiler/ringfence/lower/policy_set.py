"""Lower `PolicySet`: custom rules, with the platform's parameters kept and a tenant's inlined."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ringfence.errors import Diagnostic, Span
from ringfence.ir.expression import (
    And,
    Arithmetic,
    Compare,
    CompareOp,
    Expr,
    FactRef,
    Literal,
    ParamRef,
)
from ringfence.ir.logic import rewrite
from ringfence.ir.rule import Action, Category, Message, Obligation, Rule
from ringfence.ir.schema import DecisionPoint, Scalar
from ringfence.language.cel import ConditionScope, ParamType, compile_condition, compile_message
from ringfence.language.kinds.policy_set import CustomRule, Parameter, PolicySet
from ringfence.language.policy import Policy
from ringfence.language.values import parse_decimal, parse_duration

__all__ = ["LoweredSet", "lower_set", "parameter_value"]

_SCALARS = {
    "boolean": ParamType(scalar=Scalar.BOOLEAN),
    "integer": ParamType(scalar=Scalar.INTEGER),
    "decimal": ParamType(scalar=Scalar.DECIMAL),
    "string": ParamType(scalar=Scalar.STRING),
    "duration": ParamType(scalar=Scalar.DURATION),
    "strings": ParamType(scalar=Scalar.STRING, many=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredSet:
    """The rules of a set, and the values of its parameters under their full names."""

    rules: tuple[Rule, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)


def lower_set(
    policy: Policy, *, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...], escalate_to: str
) -> tuple[LoweredSet, tuple[Diagnostic, ...]]:
    """Lower a set's rules at its decision point.

    The platform's parameters stay references, which tenants may set; a narrower scope's numbers
    become constants, to be lifted when they are emitted.
    """
    spec = policy.spec
    assert isinstance(spec, PolicySet)
    params, diagnostics = _parameters(policy, spec)
    scope = ConditionScope(
        point=point,
        params={name: _SCALARS[one.type] for name, one in spec.params.items()},
        # Custom rules may read numbers; what else is computed belongs to the built-in rules.
        derived={name: Scalar.INTEGER for name, expr in derived if isinstance(expr, Arithmetic)},
    )
    rules: list[Rule] = []
    for index, rule in enumerate(spec.rules):
        lowered = _rule(policy, index, rule, scope=scope, escalate_to=escalate_to)
        if isinstance(lowered, Rule):
            rules.append(_bound(lowered, policy, params))
        else:
            diagnostics.extend(lowered)
    full = {f"{policy.metadata.name}.{name}": value for name, value in params.items()}
    return LoweredSet(rules=tuple(rules), params=full), tuple(diagnostics)


def parameter_value(parameter: Parameter, value: object) -> object:
    """Return a value of a parameter's type; raise ValueError where it is none."""
    match parameter.type, value:
        case "boolean", bool():
            return value
        case "integer", int() if not isinstance(value, bool):
            return value
        case "decimal", _ if not isinstance(value, (bool, tuple)):
            return parse_decimal(value)
        case "duration", str():
            return parse_duration(value)
        case "string", str():
            return value
        case "strings", tuple():
            return value
        case _:
            raise ValueError(f"must be of type {parameter.type}")


def _parameters(policy: Policy, spec: PolicySet) -> tuple[dict[str, object], list[Diagnostic]]:
    values: dict[str, object] = {}
    diagnostics = []
    for name, parameter in spec.params.items():
        try:
            values[name] = parameter_value(parameter, parameter.value)
        except ValueError as error:
            span = policy.value("params", name, "value")
            diagnostics.append(Diagnostic("RF309", span, f"`{name}` {error}"))
    return values, diagnostics


def _rule(
    policy: Policy, index: int, rule: CustomRule, *, scope: ConditionScope, escalate_to: str
) -> Rule | tuple[Diagnostic, ...]:
    where: Expr | tuple[Diagnostic, ...] = And(())
    if rule.where is not None:
        where = _condition(policy, index, "where", rule.where, replace(scope, role="where"))
    require = _condition(policy, index, "require", rule.require, scope)
    message = compile_message(rule.message, scope=scope, at=_at(policy, index, "message"))
    parts = (where, require, message)
    problems = tuple(d for part in parts if isinstance(part, tuple) for d in part)
    if (
        problems
        or isinstance(where, tuple)
        or isinstance(require, tuple)
        or isinstance(message, tuple)
    ):
        return problems
    redact = (Obligation((("redact", list(rule.redact)),)),) if rule.redact else ()
    return Rule(
        id=rule.id,
        was=rule.was,
        point=scope.point.name,
        where=where,
        require=require,
        otherwise=Action(rule.otherwise),
        if_unknown=Action(rule.if_unknown),
        message=message,
        fix=rule.fix,
        docs=rule.docs or "",
        category=Category(rule.category),
        rationale=rule.rationale,
        controls=rule.controls,
        obligations=redact,
        waivable=rule.waivable,
        escalate_to=escalate_to,
        span=policy.value("rules", index, "id"),
    )


def _condition(
    policy: Policy, index: int, role: str, text: str, scope: ConditionScope
) -> Expr | tuple[Diagnostic, ...]:
    return compile_condition(text, scope=scope, at=_at(policy, index, role))


def _at(policy: Policy, index: int, role: str) -> Callable[[int, int], Span]:
    block = policy.document.spans.block(("spec", "rules", index, role))
    assert block is not None  # INVARIANT: the model read a string here
    return block.at


def _bound(rule: Rule, policy: Policy, params: Mapping[str, object]) -> Rule:
    """Give parameters their full names, or a narrower scope's their values."""
    name = policy.metadata.name

    def change(expr: Expr) -> Expr | None:
        match expr:
            case ParamRef(short):
                value = params.get(short)
                if policy.scope.tenant and not isinstance(value, tuple):
                    return Literal(value)  # type: ignore[arg-type] # typed by `parameter_value`
                return ParamRef(f"{name}.{short}")
            case _:
                return None

    where = rewrite(rule.where, change)
    if policy.scope.contract:
        workload = Compare(CompareOp.EQ, FactRef("workload.id"), Literal(policy.scope.contract))
        where = And((workload, where))
    return replace(
        rule,
        where=where,
        require=rewrite(rule.require, change),
        message=Message(tuple(_qualified(rule.message, name))),
    )


def _qualified(message: Message, name: str) -> Iterator[str]:
    for place, part in enumerate(message.parts):
        is_param = place % 2 == 1 and part.startswith("params.")
        yield f"params.{name}.{part.removeprefix('params.')}" if is_param else part
