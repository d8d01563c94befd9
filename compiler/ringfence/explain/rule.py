"""What a rule says: its condition, what it reads, where it is written, and how far it counts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.check.compiled import Compiled
from ringfence.errors import UsageError
from ringfence.explain.expression import condition_text
from ringfence.ir.expression import Derived, Expr, ParamRef
from ringfence.ir.logic import reads, walk
from ringfence.ir.rule import PointProgram, Rule
from ringfence.language.kinds.release import Release
from ringfence.language.suggest import did_you_mean
from ringfence.release.layer import release_layer

__all__ = ["KnownRule", "find_rule", "levels_of", "parameters_of", "rule_json", "rules_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRule:
    """A rule at one decision point; `tenant` is whose own it is, "" for a shared one."""

    rule: Rule
    program: PointProgram
    tenant: str = ""


def rules_of(compiled: Compiled, *, tenant: str = "") -> Iterator[KnownRule]:
    """List shared rules and tenants' own, or those of one tenant only."""
    points = compiled.platform.points
    for program in points.values():
        for rule in program.rules:
            yield KnownRule(rule=rule, program=program)
    for one in compiled.tenants:
        if not tenant or one.name == tenant:
            for rule in one.rules:
                yield KnownRule(rule=rule, program=points[rule.point], tenant=one.name)


def find_rule(compiled: Compiled, name: str) -> tuple[KnownRule, ...]:
    """Return the rule of that id, or that once had it, at each point; raise UsageError for none."""
    every = list(rules_of(compiled))
    found = [one for one in every if name == one.rule.id]
    found = found or [one for one in every if name in one.rule.was]
    if not found:
        near = did_you_mean(name, {one.rule.id for one in every})
        hint = f"did you mean `{near}`?" if near else "`ringfence digest TENANT` lists all rules"
        raise UsageError(f"no rule `{name}`", help=hint)
    return tuple(found)


def parameters_of(known: KnownRule) -> tuple[str, ...]:
    """List the parameters that a rule reads, through computed values too."""
    named = dict(known.program.derived)
    return tuple(sorted({n for e in _parts(known.rule) for n in _parameters(e, named)}))


def _parts(rule: Rule) -> Iterable[Expr]:
    return (rule.where, rule.require)


def _parameters(expr: Expr, named: Mapping[str, Expr]) -> Iterator[str]:
    for node in walk(expr):
        match node:
            case ParamRef(name):
                yield name
            case Derived(name):
                yield from _parameters(named[name], named)


def levels_of(compiled: Compiled, rule: str) -> dict[str, dict[str, str]]:
    """Return a rule's level in each environment of each release, by wave (`*` for all)."""
    found: dict[str, dict[str, str]] = {}
    for policy in compiled.of_kind("Release"):
        spec = policy.spec
        assert isinstance(spec, Release)
        for environment in spec.environments:
            layer = release_layer(compiled, release=policy.metadata.name, environment=environment)
            levels = layer.levels.of(rule)
            where = f"{policy.metadata.name} in {environment}"
            found[where] = {wave: str(level) for wave, level in levels.items()}
    return found


def rule_json(known: KnownRule) -> dict[str, Any]:
    """Return what a rule says, as JSON."""
    rule, program = known.rule, known.program
    schema = program.point.by_name()
    named = dict(program.derived)
    return {
        "rule": rule.id,
        "was": list(rule.was),
        "point": program.point.name,
        "tenant": known.tenant,
        "category": str(rule.category),
        "rationale": rule.rationale,
        "where": condition_text(rule.where),
        "require": condition_text(rule.require),
        "derived": {
            node.name: condition_text(named[node.name])
            for expr in _parts(rule)
            for node in walk(expr)
            if isinstance(node, Derived)
        },
        "otherwise": str(rule.otherwise),
        "if_unknown": str(rule.if_unknown),
        "message": "".join(
            f"{{{part}}}" if place % 2 else part for place, part in enumerate(rule.message.parts)
        ),
        "fix": rule.fix,
        "lifted_by": [
            name
            for name, lifts in (("exception", rule.waivable), ("approval", rule.approvable))
            if lifts
        ],
        "invariant": rule.invariant,
        "controls": list(rule.controls),
        "reads": [
            {
                "fact": name,
                "type": _type(schema[name].type),
                "from": str(schema[name].source),
                "always": schema[name].required,
            }
            for name in sorted({n for e in _parts(rule) for n in reads(e, program.derived)})
        ],
        "params": list(parameters_of(known)),
        "source": str(rule.span),
    }


def _type(kind: Any) -> str:
    if kind.is_records:
        return "records"
    values = f" ({', '.join(kind.values)})" if kind.values else ""
    return ("list of " if kind.many else "") + str(kind.scalar) + values
