"""Compile the text of a condition to the closed expression tree."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ringfence.errors import Diagnostic, Span
from ringfence.ir.expression import Expr
from ringfence.ir.schema import DecisionPoint, Scalar
from ringfence.language.cel.checker import Checker
from ringfence.language.cel.finding import Finding, Refused, diagnostics
from ringfence.language.cel.scope import ConditionScope, ParamType
from ringfence.language.cel.syntax import parse
from ringfence.language.cel.tokens import tokens_of

__all__ = ["compile_condition"]


def compile_condition(
    text: str, *, scope: ConditionScope, at: Callable[[int, int], Span]
) -> Expr | tuple[Diagnostic, ...]:
    """Return the expression of a CEL condition, or everything that is wrong with it.

    `at` maps a line and a column of the text, both from 1, to the file's span of that character.
    The subset and its limits are the language reference's; semantics are those of the CEL
    specification, with exact decimals for doubles.
    Conditions with the same text and scope are compiled once.
    """
    result = _compile(text, _Key.of(scope))
    if isinstance(result, tuple):
        return diagnostics(result, text=text, at=at)
    return result


@dataclass(frozen=True, slots=True)
class _SamePoint:
    """A decision point that is cheap to hash; equal points are usually one object."""

    point: DecisionPoint

    def __hash__(self) -> int:
        return hash(self.point.name)


@dataclass(frozen=True, slots=True)
class _Key:
    """A scope as a key: what the names mean, independent of their order."""

    point: _SamePoint
    params: frozenset[tuple[str, ParamType]]
    derived: frozenset[tuple[str, Scalar]]
    role: str

    @classmethod
    def of(cls, scope: ConditionScope) -> "_Key":
        return cls(
            _SamePoint(scope.point),
            frozenset(scope.params.items()),
            frozenset(scope.derived.items()),
            scope.role,
        )

    def scope(self) -> ConditionScope:
        """Return the scope again."""
        return ConditionScope(
            point=self.point.point,
            params=dict(self.params),
            derived=dict(self.derived),
            role="where" if self.role == "where" else "require",
        )


@lru_cache(maxsize=16_384)
def _compile(text: str, key: _Key) -> Expr | tuple[Finding, ...]:
    try:
        tokens = tokens_of(text)
        syntax = parse(tokens)
    except Refused as error:
        return (error.finding,)
    checker = Checker(tokens=tokens, text=text, scope=key.scope())
    expr = checker.condition(syntax)
    return tuple(checker.findings) or expr
