"""Random custom rules: each condition is drawn as a tree and as CEL at once.

The compiler is given what its CEL front end makes of the text; the reference evaluates the tree.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.emit.generate_atoms import Atoms, Drawn
from tests.emit.values import PARAMETERS

from ringfence.errors import Span
from ringfence.ir.expression import And, Arithmetic, Expr, IfElse, Not, Or
from ringfence.ir.rule import Action, Message, PointProgram, Rule
from ringfence.ir.schema import Scalar
from ringfence.language.cel import ConditionScope, ParamType, compile_condition

__all__ = ["DrawnRule", "RuleGenerator"]

_ACTIONS = (Action.BLOCK, Action.HUMAN_REVIEW, Action.ALLOW_LOG)
ALWAYS = Drawn(And(()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRule:
    """A rule as it was meant and as the compiler is given it, and its texts where it came from CEL."""

    meant: Rule
    given: Rule
    where: str
    require: str
    is_from_cel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGenerator:
    """Draw rules for a program's decision point."""

    program: PointProgram
    chance: random.Random

    def rules(self, prefix: str, count: int) -> tuple[DrawnRule, ...]:
        """Draw some rules, `PREFIX.rule-0` and so on."""
        return tuple(self._rule(f"{prefix}.rule-{number}") for number in range(count))

    def _rule(self, rule_id: str) -> DrawnRule:
        chance = self.chance
        where = ALWAYS if chance.random() < 0.3 else self._condition(1, role="where")
        require = self._condition(chance.choice([0, 1, 2, 3]), role="require")
        if chance.random() < 0.3:
            require = _joined(And, [require, self._condition(1, role="require")])
        action = chance.choice(_ACTIONS)
        meant = Rule(
            id=rule_id,
            point=self.program.point.name,
            where=where.expr,
            require=require.expr,
            otherwise=action,
            # Another action, so that a decision shows whether the rule is refuted or unknown.
            if_unknown=Action.REDACT if chance.random() < 0.8 else action,
            message=Message(("100 % wrong: ", "facts.runner.class", ", ", "params.p_limit", "")),
            fix="-",
        )
        compiled = (self._compile(where, "where"), self._compile(require, "require"))
        good = compiled[0] is not None and compiled[1] is not None
        given = replace(meant, where=compiled[0], require=compiled[1]) if good else meant  # type: ignore[arg-type] # both are there
        return DrawnRule(
            meant=meant, given=given, where=where.text, require=require.text, is_from_cel=good
        )

    def _compile(self, drawn: Drawn, role: str) -> Expr | None:
        """Return what the front end makes of a text, None where it refuses it."""
        if drawn is ALWAYS:
            return drawn.expr
        scope = ConditionScope(
            point=self.program.point,
            params={name: ParamType(scalar=s, many=many) for name, (s, many) in PARAMETERS.items()},
            derived={
                n: Scalar.INTEGER for n, e in self.program.derived if isinstance(e, Arithmetic)
            },
            role="where" if role == "where" else "require",
        )
        made = compile_condition(drawn.text, scope=scope, at=lambda _line, _column: Span("drawn"))
        return None if isinstance(made, tuple) else made

    def _condition(self, depth: int, *, role: str) -> Drawn:
        chance = self.chance
        atoms = Atoms(
            point=self.program.point, derived=self.program.derived, chance=chance, role=role
        )
        return self._combined(depth, atoms)

    def _combined(self, depth: int, atoms: Atoms) -> Drawn:
        chance = self.chance
        if depth == 0:
            return atoms.atom()

        def some() -> list[Drawn]:
            return [self._combined(depth - 1, atoms) for _ in range(chance.choice([2, 2, 3]))]

        match chance.choice(["and", "or", "or", "not", "if", "less"]):
            case "and":
                return _joined(And, some())
            case "or":
                return _joined(Or, some())
            case "not":
                inner = self._combined(depth - 1, atoms)
                return Drawn(Not(inner.expr), f"!({inner.text})")
            case "if":
                a, b, c = (self._combined(depth - 1, atoms) for _ in range(3))
                tree = IfElse(a.expr, b.expr, c.expr)
                return Drawn(tree, f"(({a.text}) ? ({b.text}) : ({c.text}))")
            case _:
                return self._combined(depth - 1, atoms)


def _joined(node: type[And] | type[Or], parts: Sequence[Drawn]) -> Drawn:
    """Join conditions; what is joined alike already is flattened, since clauses are numbered."""
    operands: list[Expr] = []
    for part in parts:
        operands += part.expr.operands if isinstance(part.expr, node) else (part.expr,)
    sign = " && " if node is And else " || "
    return Drawn(node(tuple(operands)), sign.join(f"({part.text})" for part in parts))
