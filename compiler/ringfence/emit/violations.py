"""The shared rules of a decision point: one gate, one conjunction, and one column a rule behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ringfence.emit.body import Body
from ringfence.emit.clauses import failing_clauses
from ringfence.emit.names import rule_local
from ringfence.emit.satisfied import Satisfied, inward, satisfied
from ringfence.emit.simplify import Simplifier
from ringfence.ir.expression import Expr
from ringfence.ir.logic import Optionals, reads
from ringfence.ir.rule import PointProgram, Rule
from ringfence.ir.schema import Fact, FactSource

__all__ = ["Column", "Violations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One clause of a rule: the variable that tells whether it fails, and the term that gives it.

    `number` counts the operands of the requirement's outermost `&&`, from 1.
    """

    rule: Rule
    number: int
    local: str
    term: str


@dataclass(frozen=True, kw_only=True)
class Violations:
    """The body that finds violated rules.

    `statements` bind and gate, and `conditions` hold only if every rule is shown to be satisfied.
    Where they don't, `late_statements` and `columns` tell which rules are violated.
    """

    program: PointProgram
    params: str

    @property
    def statements(self) -> Sequence[str]:
        """Write what both the conditions and the columns need."""
        return self._body.statements

    @property
    def late_statements(self) -> Sequence[str]:
        """Write what only the columns need."""
        return self._body.late_statements

    @property
    def columns(self) -> Sequence[Column]:
        """Write one column a clause, in the order of the rules."""
        return [
            Column(
                rule=rule,
                number=number,
                local=rule_local(rule.id, number),
                term=self._body.violation(failing),
            )
            for rule, number, failing in self._failing
        ]

    @property
    def conditions(self) -> Iterable[tuple[str, str]]:
        """Write the conditions, each with the rule that asks for it, "" for what several do."""
        quiet = [fact for fact in self._body.lists if self._is_quiet(fact)]
        if quiet:
            yield "", _no_item([self._body.local(fact.name) for fact in quiet])
        names = {fact.name for fact in quiet}
        for rule, clause in self._satisfied.clauses:
            yield rule, self._body.condition(clause, total=False)
        for rule, clause in self._satisfied.filters:
            if clause.collection.name not in names:
                yield rule, self._body.condition(clause)

    @cached_property
    def _failing(self) -> Sequence[tuple[Rule, int, Expr]]:
        point, optionals = self.program.point, Optionals(self.program.point, self.program.derived)
        simplifier = Simplifier(point.by_name())
        return [
            (rule, number, inward(simplifier.simplify(failing)))
            for rule in self.program.rules
            for number, failing in failing_clauses(rule, optionals)
        ]

    @cached_property
    def _satisfied(self) -> Satisfied:
        found = [(rule.id, failing) for rule, _, failing in self._failing]
        return satisfied(found, simplifier=Simplifier(self.program.point.by_name()))

    @cached_property
    def _body(self) -> Body:
        found, facts = self._satisfied, self.program.point.facts
        # Also what no condition asks of any more once it is simplified: its absence is told.
        read = {n for r in self.program.rules for n in reads(r.require, self.program.derived)}
        attested = {fact.name for fact in facts if fact.source is FactSource.ATTESTED}
        return Body(
            point=self.program.point,
            derived=self.program.derived,
            params=self.params,
            expressions=tuple(clause for _, clause in (*found.clauses, *found.filters)),
            late=tuple(failing for _, _, failing in self._failing),
            gated=True,
            always=tuple(fact.name for fact in facts if fact.required or fact.name in read),
            present=found.present - attested,
        )

    def _is_quiet(self, fact: Fact) -> bool:
        return all((fact.name, p) in self._satisfied.quiet for p in self._body.predicates(fact))


def _no_item(lists: Sequence[str]) -> str:
    rows = lists[0] if len(lists) == 1 else "rows"
    each = [] if len(lists) == 1 else [f"some rows in [{', '.join(lists)}]"]
    return f"count([1 | {'; '.join([*each, f'some row in {rows}', 'true in row'])}]) == 0"
