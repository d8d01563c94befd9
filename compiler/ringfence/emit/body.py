"""A rule body: the statements that bind, gate and compute what its columns read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ringfence.emit.gate import gate, missing_value
from ringfence.emit.names import local_names, reference
from ringfence.emit.rego_filter import rego
from ringfence.emit.terms import Terms, predicate
from ringfence.ir.expression import (
    Derived,
    Expr,
    FactRef,
    Lifted,
    ParamRef,
    Quantifier,
)
from ringfence.ir.logic import walk
from ringfence.ir.schema import DecisionPoint, Fact, FactSource

__all__ = ["Body"]


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body that computes some total expressions of a decision point.

    `params` is the reference to the tenant's row of parameters.
    With `gated`, each fact that is bound is checked, and those of `always` are bound in any case.
    Facts of `present` are optional ones without which the body is undefined; facts of `proven` need no
    gate. `filters` are conditions that every item of a list must meet, else the body is undefined.
    Without `total`, a row that a table lacks leaves the body undefined too, and `t` is always bound.
    """

    point: DecisionPoint
    derived: tuple[tuple[str, Expr], ...]
    params: str
    expressions: tuple[Expr, ...]
    gated: bool
    always: tuple[str, ...] = ()
    present: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()
    filters: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    total: bool = True

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Write each expression as a term that is true or false."""
        return tuple(self._terms.condition(expr) for expr in self.expressions)

    def value(self, expr: Expr) -> str:
        """Write a scalar expression that this body's statements bind."""
        return _bare(self._terms.value(expr))

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """Write the statements that stand before the columns, in order."""
        sent = [fact for fact in self._facts if fact.source is not FactSource.ATTESTED]
        lines = ["f := input.facts"] if sent else []
        if not self.total or any(isinstance(node, (ParamRef, Lifted)) for node in self._nodes):
            lines.append(f"t := {self.params}")
        scalars = [(self._locals[f.name], f) for f in self._facts if not f.type.is_list]
        lines += [_bind_fact(local, fact) for local, fact in scalars]
        checked = [(local, fact) for local, fact in scalars if fact.name not in self.proven]
        lines += gate(checked) if self.gated else []
        lines += [f"{self._locals[name]} := {self.value(expr)}" for name, expr in self._values]
        for fact in self._facts:
            lines += self._pass(fact) if fact.type.is_list else []
        return tuple(lines)

    @cached_property
    def _nodes(self) -> tuple[Expr, ...]:
        """List all nodes, through derived values and into the predicates of passes."""
        named = dict(self.derived)
        seen: dict[Expr, None] = {}
        pending = [*self.expressions, *(c for each in self.filters.values() for c in each)]
        while pending:
            for node in walk(pending.pop()):
                if isinstance(node, Derived) and node not in seen:
                    pending.append(named[node.name])
                seen[node] = None
        return tuple(seen)

    @cached_property
    def _facts(self) -> tuple[Fact, ...]:
        read = {node.name for node in self._nodes if isinstance(node, FactRef)}
        read |= {*self.always, *self.filters}
        bound = (fact for fact in self.point.facts if fact.name in read)
        return tuple(replace(f, required=True) if f.name in self.present else f for f in bound)

    @cached_property
    def _values(self) -> list[tuple[str, Expr]]:
        read = {node.name for node in self._nodes if isinstance(node, Derived)}
        return [(name, expr) for name, expr in self.derived if name in read]

    @cached_property
    def _locals(self) -> dict[str, str]:
        names = [fact.name for fact in self.point.facts] + [name for name, _ in self.derived]
        return dict(local_names(names))

    @cached_property
    def _terms(self) -> Terms:
        passes: dict[str, dict[Expr, None]] = {}
        for expr in self.expressions:
            for node in walk(expr):
                if isinstance(node, Quantifier):
                    passes.setdefault(node.collection.name, {})[predicate(node)] = None
        return Terms(
            schema=self.point.by_name(),
            locals=self._locals,
            total=self.total,
            passes={name: tuple(predicates) for name, predicates in passes.items()},
        )

    def _pass(self, fact: Fact) -> Iterable[str]:
        """Write the one pass over a list that gates each item and answers each predicate."""
        heads = [self._terms.condition(p) for p in self._terms.passes.get(fact.name, ())]
        items = _items(fact)
        inner = [f"some item in {reference('f', fact.path)}"]
        read = " ".join(heads)
        inner += [
            _bind_item(local, f) for local, f in items if f.name and (self.gated or local in read)
        ]
        inner += gate(items) if self.gated else []
        # A lone head stands in a variable: `opa fmt` drops the brackets that it would need.
        head = "found" if len(heads) == 1 else f"[{', '.join(heads)}]" if heads else "1"
        inner += [f"found := {heads[0]}"] if len(heads) == 1 else []
        inner += [self._terms.condition(condition) for condition in self.filters.get(fact.name, ())]
        local, path = self._locals[fact.name], reference("f", fact.path)
        comprehension = [f"{local} := [{head} |", *(f"\t{line}" for line in inner), "]"]
        if not self.gated:
            return comprehension if heads else []
        limits = [f"is_array({path})", f"count({path}) <= {fact.type.max_items}"]
        return [*limits, *comprehension, f"count({local}) == count({path})"]


def _bare(term: str) -> str:
    return term[1:-1] if term.startswith("(") and term.endswith(")") else term


def _items(fact: Fact) -> list[tuple[str, Fact]]:
    if fact.type.is_records:
        return [(f"item_{field.name}", field) for field in fact.type.fields]
    return [("item", Fact(name="", type=replace(fact.type, many=False), required=True))]


def _bind_fact(local: str, fact: Fact) -> str:
    missing = rego(missing_value(fact.type))
    if fact.source is FactSource.ATTESTED:
        return f"{local} := attested.value({rego(list(fact.path))}, {missing})"
    if fact.required:
        return f"{local} := {reference('f', fact.path)}"
    key = rego(list(fact.path)) if len(fact.path) > 1 else rego(fact.path[0])
    return f"{local} := object.get(f, {key}, {missing})"


def _bind_item(local: str, field: Fact) -> str:
    if field.required:
        return f"{local} := {reference('item', [field.name])}"
    return f"{local} := object.get(item, {rego(field.name)}, {rego(missing_value(field.type))})"
