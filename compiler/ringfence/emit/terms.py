"""Expressions as Rego terms: every one of them total, so that no column is ever undefined."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ringfence.emit.gate import missing_value
from ringfence.emit.names import reference
from ringfence.emit.rego_filter import pattern, rego
from ringfence.emit.scaled import Scaled, compared, scaled
from ringfence.errors import InternalError
from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    Call,
    Compare,
    CompareOp,
    Derived,
    Expr,
    FactRef,
    Has,
    ItemRef,
    Lifted,
    Literal,
    Lookup,
    Matches,
    Member,
    Not,
    Now,
    Or,
    OrEmpty,
    ParamRef,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    Tables,
    TenantName,
)
from ringfence.ir.logic import complement, walk
from ringfence.ir.schema import Fact, Scalar

__all__ = ["Terms", "predicate"]


_NS = 1_000_000_000


def predicate(quantifier: Quantifier) -> Expr:
    """Return what a pass over the list asks of each item: `all` is asked as "is there one that fails"."""
    body = quantifier.body
    return body if quantifier.kind is QuantifierKind.EXISTS else complement(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Write expressions, given what facts and derived values are called.

    `lists` are the lists themselves, whose locals are what the passes over them found.

    `passes` holds, for each list fact, the predicates that its one pass answers, in order.
    Within a pass, `fields` are those of the list's records.
    Expressions must be total (`ringfence.ir.logic`). Without `total`, a table's missing row may leave a
    term undefined.
    """

    schema: Mapping[str, Fact]
    locals: Mapping[str, str]
    lists: Mapping[str, str]
    passes: Mapping[str, tuple[Expr, ...]]
    fields: tuple[Fact, ...] = ()
    total: bool = True

    def condition(self, expr: Expr) -> str:
        """Write a boolean expression as a term whose value is true or false."""
        match expr:
            case FactRef() | ItemRef() | ParamRef():
                return f"{self.value(expr)} == true"
            case And(operands):
                return self._all(operands)
            case Or(operands):
                return self._any(operands)
            case Has(operand):
                return f"{self.value(operand)} != {self._missing(operand)}"
            case Not(operand):
                return self._negation(operand)
            case Compare(op, left, right) if any(isinstance(node, Now) for node in walk(expr)):
                return f"{self._nanoseconds(left)} {op} {self._nanoseconds(right)}"
            case Compare(op, left, right) if self._calculates_decimals(left, right):
                sides = (scaled(side, leaf=self._scaled) for side in (left, right))
                return compared(op, *sides)
            case Compare(op, left, right):
                return f"{self.value(left)} {op} {self.value(right)}"
            case Member(item, collection):
                return self._member(item, collection)
            case StringTest(op, subject, argument):
                return f"{op.lower()}({self.value(subject)}, {self.value(argument)})"
            case Matches(subject, regex):
                return f"regex.match({pattern(regex)}, {self.value(subject)})"
            case AnyPrefix(subject, prefixes):
                return f"strings.any_prefix_match({self.value(subject)}, {self.value(prefixes)})"
            case Quantifier(kind):
                exists = self._exists(expr)
                return exists if kind is QuantifierKind.EXISTS else _negated_membership(exists)
            case _:
                raise InternalError(f"not a condition: {expr!r}")

    def violation(self, expr: Expr) -> str:
        """Write a condition as a term that is cheap where the first operand of a conjunction is false.

        Each operand stands negated twice: one that is undefined counts as true, so as to fail closed, and
        an equality would have OPA index the comprehension by its variable and lose the others.
        """
        if not isinstance(expr, And) or len(expr.operands) < 2:
            return self.condition(expr)
        cheap_first = sorted(expr.operands, key=_reads_bundle)
        return f"[1 | {'; '.join(map(self._not_refuted, cheap_first))}] == [1]"

    def _not_refuted(self, expr: Expr) -> str:
        text = self.condition(complement(expr))
        # `opa fmt` drops the brackets of what is calculated behind a `not`.
        calculates = any(isinstance(node, (Arithmetic, Now)) for node in walk(expr))
        return f"not true in [{text}]" if calculates else f"not {text}"

    def value(self, expr: Expr) -> str:
        """Write a scalar or list expression as a term."""
        match expr:
            case Literal(tuple(values)):
                return f"{{{', '.join(sorted(map(rego, values)))}}}" if values else "set()"
            case Literal(value):
                return rego(value)
            case FactRef(name):
                fact = self.schema[name]
                return self.lists[name] if fact.type.is_list else self.locals[name]
            case ItemRef(_, name):
                return f"item_{name}" if name else "item"
            case ParamRef(name):
                return reference("t", [name])
            case Lifted(index):
                return reference("t.numbers", [str(index)])
            case Derived(name) | OrEmpty(name):
                return self.locals[name]
            case TenantName():
                return "input.tenant"
            case Now():
                raise InternalError("the clock stands in comparisons only")
            case Size(operand):
                return f"count({self.value(operand)})"
            case Arithmetic(op, left, right):
                return f"({self.value(left)} {op} {self.value(right)})"
            case Lookup(table, keys, default):
                return self._lookup(table, keys, default)
            case Tables():
                return "data.ringfence.tables"
            case Call(function, arguments):
                path = reference("data.ringfence.lib", function.split("."))
                return f"{path}({', '.join(map(self.value, arguments))})"
            case _:
                return f"({self.condition(expr)})"

    def _nanoseconds(self, expr: Expr) -> str:
        """Write seconds as nanoseconds: the clock counts those, and dividing it is dear in OPA."""
        match expr:
            case Now():
                return "time.now_ns()"
            case Literal(int(seconds)):
                return rego(seconds * _NS)
            case Arithmetic(op, left, right):
                return f"({self._nanoseconds(left)} {op} {self._nanoseconds(right)})"
            case _:
                return f"({self.value(expr)} * {_NS})"

    def _calculates_decimals(self, *sides: Expr) -> bool:
        """Tell whether a side calculates, and a number that it reads is not known to be whole."""
        nodes = [node for side in sides for node in walk(side) if isinstance(node, Arithmetic)]
        operands = [one for node in nodes for one in (node.left, node.right)]
        return not all(isinstance(one, Arithmetic) or self._is_whole(one) for one in operands)

    def _is_whole(self, expr: Expr) -> bool:
        match expr:
            case Literal(value):
                return isinstance(value, int)
            case FactRef(name):
                return self.schema[name].type.scalar is not Scalar.DECIMAL
            case ItemRef(_, name):
                kinds = [field.type.scalar for field in self.fields if field.name == name]
                return bool(kinds) and Scalar.DECIMAL not in kinds
            case _:
                return isinstance(expr, (Size, Derived))

    def _scaled(self, expr: Expr) -> Scaled:
        match expr:
            case Literal(Decimal() as value):
                return Scaled.constant(value)
            case _ if self._is_whole(expr):
                return Scaled(self.value(expr))
            case _:
                return Scaled.term(self.value(expr))

    def _missing(self, operand: FactRef | ItemRef) -> str:
        if isinstance(operand, FactRef):
            return rego(missing_value(self.schema[operand.name].type))
        for field in self.fields:
            if field.name == operand.field:
                return rego(missing_value(field.type))
        raise InternalError(f"the record has no field {operand.field!r}")

    def _all(self, operands: tuple[Expr, ...]) -> str:
        if len(operands) < 2:
            return self.condition(operands[0]) if operands else "true"
        return f"[{', '.join(map(self.condition, operands))}] == {rego([True] * len(operands))}"

    def _any(self, operands: tuple[Expr, ...]) -> str:
        if len(operands) < 2:
            return self.condition(operands[0]) if operands else "false"
        return f"true in [{', '.join(map(self.condition, operands))}]"

    def _negation(self, operand: Expr) -> str:
        match operand:
            case Has(what):
                return f"{self.value(what)} == {self._missing(what)}"
            case FactRef() | ItemRef() | ParamRef():
                return f"{self.value(operand)} == false"
            case Member(FactRef(name), Literal(tuple(values))) if self.schema[name].type.values:
                kind = self.schema[name].type
                missing = () if self.schema[name].required else ("",)
                others = tuple(v for v in (*missing, *kind.values) if v not in values)
                return self.condition(Member(FactRef(name), Literal(others)))
            case Member():
                return _negated_membership(self.condition(operand))
            case _:
                return f"{self.condition(operand)} == false"

    def _member(self, item: Expr, collection: Expr) -> str:
        # `1 in {1.0}` may be false in Rego, which compares representations there: ask for equality.
        match collection:
            case Literal(tuple(values)) if any(isinstance(v, Decimal) for v in values):
                return self._any(tuple(Compare(CompareOp.EQ, item, Literal(v)) for v in values))
            case _:
                return f"{self.value(item)} in {self.value(collection)}"

    def _lookup(self, table: Expr, keys: tuple[Expr, ...], default: Literal) -> str:
        terms = [self.value(key) for key in keys]
        if isinstance(table, Tables) and self.total:
            # By reference: as an argument, the document of all tables would be built for each decision.
            path = self._below(table, keys)
            return f"array.concat([found | found := {path}], [{self.value(default)}])[0]"
        if not self.total:
            return self._below(table, keys)
        key = terms[0] if len(terms) == 1 else f"[{', '.join(terms)}]"
        return f"object.get({self.value(table)}, {key}, {rego(default.value)})"

    def _below(self, table: Expr, keys: tuple[Expr, ...]) -> str:
        """Write the reference to a row, undefined where there is none."""
        path = self.value(table)
        for key in keys:
            match key:
                case Literal(str(name)) if name:
                    path = reference(path, [name])
                case _:
                    path += f"[{self.value(key)}]"
        return path

    def _exists(self, quantifier: Quantifier) -> str:
        name = quantifier.collection.name
        predicates, local = self.passes[name], self.locals[name]
        return f"true in {{row[{predicates.index(predicate(quantifier))}] | some row in {local}}}"


def _reads_bundle(expr: Expr) -> bool:
    """Tell whether a term reads data or functions of the bundle itself, not of a statement beside it."""
    read = (Call, Lifted, Lookup, ParamRef, Tables)
    return not isinstance(expr, Quantifier) and any(isinstance(node, read) for node in walk(expr))


def _negated_membership(text: str) -> str:
    # Not `(x in xs) == false`: `opa fmt` drops the brackets, and that changes what it means.
    return f"false in [{text}]"
