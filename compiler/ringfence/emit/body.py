"""A rule body: the statements that bind, gate and compute what its conditions read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ringfence.emit.gate import gate, missing_value
from ringfence.emit.names import given_local, local_names, reference
from ringfence.emit.rego_filter import rego
from ringfence.emit.terms import Terms, predicate
from ringfence.ir.expression import Derived, Expr, FactRef, Lifted, OrEmpty, ParamRef, Quantifier
from ringfence.ir.logic import walk
from ringfence.ir.schema import DecisionPoint, Fact, FactSource

__all__ = ["Body"]


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body that computes some total expressions of a decision point.

    `params` is the reference to the tenant's row of parameters.
    With `gated`, every fact is bound to a local and checked, and those of `always` are in any case;
    else always-present facts are read where they stand, since another body has checked them.
    Facts of `present` are optional ones without which the body is undefined.
    Derived values that only `late` expressions need are left to `late_statements`.
    """

    point: DecisionPoint
    derived: tuple[tuple[str, Expr], ...]
    params: str
    expressions: tuple[Expr, ...]
    gated: bool = False
    always: tuple[str, ...] = ()
    present: frozenset[str] = frozenset()
    late: tuple[Expr, ...] = ()

    def condition(self, expr: Expr, *, total: bool = True) -> str:
        """Write a boolean expression that this body's statements bind.

        Without `total`, a row that a table lacks leaves the condition undefined.
        """
        return replace(self._terms, total=total).condition(expr)

    def violation(self, expr: Expr) -> str:
        """Write a violation that this body's statements bind; what is undefined in it is one."""
        return self._terms.violation(expr)

    def value(self, expr: Expr) -> str:
        """Write a scalar expression that this body's statements bind."""
        return _bare(self._terms.value(expr))

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """Write the statements that stand before the conditions, in order; one may have several lines."""
        lines = [
            *self._roots(),
            *(self._bind(fact) for fact in self._facts if self._is_bound(fact)),
        ]
        if self.gated:
            lines += gate([(self._locals[f.name], f) for f in self._facts if not f.type.is_list])
        lines += self._compute(self._read(self.expressions))
        for fact in self._facts:
            if fact.type.is_list:
                asked = self._terms.passes.get(fact.name, ())
                lines += self._pass(fact, gated=self.gated, asked=asked)
        return tuple(lines)

    @property
    def optional_checks(self) -> tuple[str, ...]:
        """Bind and check the optional facts alone."""
        facts = [fact for fact in self._facts if not fact.required]
        checks = gate([(self._locals[f.name], f) for f in facts if not f.type.is_list])
        passes = [
            line for f in facts if f.type.is_list for line in self._pass(f, gated=True, asked=())
        ]
        return (*map(self._bind, facts), *checks, *passes)

    @cached_property
    def late_statements(self) -> tuple[str, ...]:
        """Write the statements that only the late expressions need."""
        early = self._read(self.expressions)
        return tuple(self._compute([n for n in self._read(self.late) if n not in early]))

    @property
    def lists(self) -> Sequence[Fact]:
        """List the lists of which a pass asks something."""
        return [fact for fact in self._facts if self._terms.passes.get(fact.name)]

    def predicates(self, fact: Fact) -> Sequence[Expr]:
        """List what the pass over a list asks of each item."""
        return self._terms.passes[fact.name]

    def local(self, name: str) -> str:
        """Name the variable of a fact or a derived value."""
        return self._locals[name]

    def _roots(self) -> Iterable[str]:
        if self.gated and any(fact.source is not FactSource.ATTESTED for fact in self._facts):
            yield "f := input.facts"
        nodes = self._read((*self.expressions, *self.late))
        if self.gated or any(isinstance(node, (ParamRef, Lifted)) for node in nodes):
            yield f"t := {self.params}"

    def _compute(self, nodes: Iterable[Expr]) -> list[str]:
        read = {node.name for node in nodes if isinstance(node, Derived)}
        values = [(name, expr) for name, expr in self.derived if name in read]
        return [f"{self._locals[name]} := {self.value(expr)}" for name, expr in values]

    def _read(self, expressions: Iterable[Expr]) -> dict[Expr, None]:
        """List all nodes, through derived values and into the predicates of passes."""
        named = dict(self.derived)
        seen: dict[Expr, None] = {}
        pending = [*expressions]
        while pending:
            for node in walk(pending.pop()):
                if isinstance(node, Derived) and node not in seen:
                    pending.append(named[node.name])
                seen[node] = None
        return seen

    @cached_property
    def _facts(self) -> tuple[Fact, ...]:
        nodes = self._read((*self.expressions, *self.late))
        read = {node.name for node in nodes if isinstance(node, (FactRef, OrEmpty))}
        return tuple(fact for fact in self.point.facts if fact.name in {*read, *self.always})

    def _is_bound(self, fact: Fact) -> bool:
        gated = self.gated and not fact.type.is_list
        return gated or not fact.required or fact.source is FactSource.ATTESTED

    def _bind(self, fact: Fact) -> str:
        local, missing = self._locals[fact.name], rego(missing_value(fact.type))
        if fact.type.is_list:
            return f"{self._list(fact)} := object.get({self._root}, {rego(list(fact.path))}, {missing})"
        if fact.source is FactSource.ATTESTED:
            return f"{local} := attested.value({rego(list(fact.path))}, {missing})"
        if fact.required or fact.name in self.present:
            return f"{local} := {reference(self._root, fact.path)}"
        key = rego(list(fact.path)) if len(fact.path) > 1 else rego(fact.path[0])
        return f"{local} := object.get({self._root}, {key}, {missing})"

    def _list(self, fact: Fact) -> str:
        """Write the list itself, whose local is what the pass over it found."""
        if fact.required:
            return reference(self._root, fact.path)
        return given_local(self._locals[fact.name])

    @property
    def _root(self) -> str:
        return "f" if self.gated else "input.facts"

    @cached_property
    def _locals(self) -> dict[str, str]:
        names = [fact.name for fact in self.point.facts] + [name for name, _ in self.derived]
        return dict(local_names(names))

    @cached_property
    def _terms(self) -> Terms:
        passes: dict[str, dict[Expr, None]] = {}
        for expr in (*self.expressions, *self.late):
            for node in walk(expr):
                if isinstance(node, Quantifier):
                    passes.setdefault(node.collection.name, {})[predicate(node)] = None
        names = dict(self._locals)
        for fact in self.point.facts:
            if not self._is_bound(fact) and not fact.type.is_list:
                names[fact.name] = reference(self._root, fact.path)
        return Terms(
            schema=self.point.by_name(),
            locals=names,
            lists={f.name: self._list(f) for f in self.point.facts if f.type.is_list},
            passes={name: tuple(predicates) for name, predicates in passes.items()},
        )

    def _pass(self, fact: Fact, *, gated: bool, asked: Sequence[Expr]) -> Iterable[str]:
        """Write the one pass over a list that gates each item and answers each predicate."""
        terms = replace(self._terms, fields=fact.type.fields)
        heads = [terms.condition(predicate) for predicate in asked]
        items = _items(fact)
        inner = [f"some item in {self._list(fact)}"]
        read = " ".join(heads)
        inner += [_bind_item(local, f) for local, f in items if f.name and (gated or local in read)]
        inner += gate(items, joined="item_joined") if gated else []
        # A lone head stands in a variable: `opa fmt` drops the brackets that it would need.
        inner += [f"found := {heads[0]}"] if len(heads) == 1 else []
        head = "[found]" if len(heads) == 1 else f"[{', '.join(heads)}]" if heads else "1"
        local, path = self._locals[fact.name], self._list(fact)
        comprehension = "\n".join([f"{local} := [{head} |", *(f"\t{line}" for line in inner), "]"])
        if not gated:
            return [comprehension] if heads else []
        is_list = (
            f"is_array({path})" if fact.required else f'true in [is_array({path}), {path} == ""]'
        )
        limits = [is_list, f"count({path}) <= {fact.type.max_items}"]
        return [*limits, comprehension, f"count({local}) == count({path})"]


def _bare(term: str) -> str:
    return term[1:-1] if term.startswith("(") and term.endswith(")") else term


def _items(fact: Fact) -> list[tuple[str, Fact]]:
    if fact.type.is_records:
        return [(f"item_{field.name}", field) for field in fact.type.fields]
    return [("item", Fact(name="", type=replace(fact.type, many=False), required=True))]


def _bind_item(local: str, field: Fact) -> str:
    if field.required:
        return f"{local} := {reference('item', [field.name])}"
    return f"{local} := object.get(item, {rego(field.name)}, {rego(missing_value(field.type))})"
