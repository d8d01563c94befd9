"""Make conditions total: what is *shown*, what is *refuted*, and what is neither.

A condition over optional facts has three outcomes, as in strong Kleene logic: shown, refuted, unknown.
`shown` and `refuted` turn one into an ordinary two-valued expression that asks for presence first, so
that no back end ever has to think about a missing fact again.
"""

from collections.abc import Callable
from dataclasses import replace

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
    IfElse,
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
from ringfence.ir.schema import DecisionPoint, Fact

__all__ = ["Optionals", "complement", "reads", "refuted", "shown", "violated"]

TRUE = And(())
FALSE = Or(())

_OPPOSITE = {
    CompareOp.EQ: CompareOp.NE,
    CompareOp.NE: CompareOp.EQ,
    CompareOp.LT: CompareOp.GE,
    CompareOp.GE: CompareOp.LT,
    CompareOp.GT: CompareOp.LE,
    CompareOp.LE: CompareOp.GT,
}


class Optionals:
    """Which references may be missing at a decision point, also inside records and derived values."""

    def __init__(self, point: DecisionPoint, derived: tuple[tuple[str, Expr], ...] = ()) -> None:
        self._facts = point.by_name()
        self._derived = dict(derived)

    def guards(self, expr: Expr, items: dict[str, Fact]) -> tuple[Expr, ...]:
        """List the presence tests that `expr` needs to have a value, in order, without repeats."""
        found: dict[Expr, None] = {}
        for node in walk(expr):
            match node:
                case FactRef(name) if not self._facts[name].required:
                    found[Has(node)] = None
                case ItemRef(variable, field) if (
                    field and not _field(items[variable], field).required
                ):
                    found[Has(node)] = None
                case Derived(name):
                    found.update(dict.fromkeys(self.guards(self._derived[name], items)))
        return tuple(found)

    def fact(self, name: str) -> Fact:
        """Return the fact of that dotted name."""
        return self._facts[name]


def _field(records: Fact, name: str) -> Fact:
    return next(field for field in records.type.fields if field.name == name)


def shown(expr: Expr, optionals: Optionals) -> Expr:
    """Return the total expression that is true exactly where `expr` is shown true."""
    return _outcome(expr, want=True, optionals=optionals, items={})


def refuted(expr: Expr, optionals: Optionals) -> Expr:
    """Return the total expression that is true exactly where `expr` is shown false."""
    return _outcome(expr, want=False, optionals=optionals, items={})


def violated(where: Expr, require: Expr, optionals: Optionals) -> Expr:
    """Return the total expression for: the rule applies and its requirement is not shown."""
    return conjunction(shown(where, optionals), complement(shown(require, optionals)))


def _outcome(expr: Expr, *, want: bool, optionals: Optionals, items: dict[str, Fact]) -> Expr:
    def go(node: Expr, wanted: bool = want) -> Expr:
        return _outcome(node, want=wanted, optionals=optionals, items=items)

    match expr:
        case And(operands):
            return (conjunction if want else disjunction)(*map(go, operands))
        case Or(operands):
            return (disjunction if want else conjunction)(*map(go, operands))
        case Not(operand):
            return go(operand, not want)
        case IfElse(condition, then, otherwise):
            return disjunction(
                conjunction(go(condition, True), go(then)),
                conjunction(go(condition, False), go(otherwise)),
            )
        case Has():
            return expr if want else Not(expr)
        case Quantifier():
            return _quantifier(expr, want=want, optionals=optionals, items=items)
        case _:
            atom = expr if want else complement(expr)
            return conjunction(*optionals.guards(expr, items), atom)


def _quantifier(
    expr: Quantifier, *, want: bool, optionals: Optionals, items: dict[str, Fact]
) -> Expr:
    records = optionals.fact(expr.collection.name)
    body = _outcome(
        expr.body, want=want, optionals=optionals, items={**items, expr.variable: records}
    )
    exists = (expr.kind is QuantifierKind.EXISTS) == want
    kind = QuantifierKind.EXISTS if exists else QuantifierKind.ALL
    guards = optionals.guards(expr.collection, items)
    return conjunction(*guards, replace(expr, kind=kind, body=body))


def complement(expr: Expr) -> Expr:
    """Return the negation of a total expression, pushed down to its atoms."""
    match expr:
        case And(operands):
            return disjunction(*map(complement, operands))
        case Or(operands):
            return conjunction(*map(complement, operands))
        case Not(operand):
            return operand
        case Compare(op, left, right):
            return Compare(_OPPOSITE[op], left, right)
        case Quantifier(kind):
            other = QuantifierKind.ALL if kind is QuantifierKind.EXISTS else QuantifierKind.EXISTS
            return replace(expr, kind=other, body=complement(expr.body))
        case Literal(bool(value)):
            return FALSE if value else TRUE
        case _:
            return Not(expr)


def conjunction(*operands: Expr) -> Expr:
    """Join by `and`, flat, without repeats and without `true`."""
    return _join(And, TRUE, FALSE, operands)


def disjunction(*operands: Expr) -> Expr:
    """Join by `or`, flat, without repeats and without `false`."""
    return _join(Or, FALSE, TRUE, operands)


def _join(
    node: type[And] | type[Or], neutral: Expr, absorbing: Expr, operands: tuple[Expr, ...]
) -> Expr:
    flat: dict[Expr, None] = {}
    for operand in map(_boolean, operands):
        parts = operand.operands if isinstance(operand, node) else (operand,)
        flat.update(dict.fromkeys(parts))
    if absorbing in flat:
        return absorbing
    return next(iter(flat)) if len(flat) == 1 else node(tuple(flat))


def _boolean(expr: Expr) -> Expr:
    match expr:
        case Literal(bool(value)):
            return TRUE if value else FALSE
        case _:
            return expr


def reads(expr: Expr, derived: tuple[tuple[str, Expr], ...] = ()) -> tuple[str, ...]:
    """List the facts that an expression reads, through derived values too, sorted."""
    named = dict(derived)
    found: set[str] = set()
    for node in walk(expr):
        match node:
            case FactRef(name) | OrEmpty(name):
                found.add(name)
            case Derived(name):
                found.update(reads(named[name], derived))
    return tuple(sorted(found))


def children(expr: Expr) -> tuple[Expr, ...]:
    """List the direct operands of a node."""
    match expr:
        case And(operands) | Or(operands):
            return operands
        case Not(operand) | Has(operand) | Size(operand):
            return (operand,)
        case IfElse(condition, then, otherwise):
            return (condition, then, otherwise)
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return (left, right)
        case Member(item, collection):
            return (item, collection)
        case StringTest(_, subject, argument):
            return (subject, argument)
        case Matches(subject, _):
            return (subject,)
        case AnyPrefix(subject, prefixes):
            return (subject, prefixes)
        case Lookup(table, keys, default):
            return (table, *keys, default)
        case Call(_, arguments):
            return arguments
        case Quantifier(_, collection, _, body):
            return (collection, body)
        case Literal() | FactRef() | OrEmpty() | ItemRef() | ParamRef() | Lifted() | Derived():
            return ()
        case TenantName() | Now() | Tables():
            return ()


def walk(expr: Expr) -> tuple[Expr, ...]:
    """List a tree's nodes, parents first."""
    nodes: list[Expr] = []
    pending = [expr]
    while pending:
        node = pending.pop()
        nodes.append(node)
        pending.extend(reversed(children(node)))
    return tuple(nodes)


def rewrite(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """Rebuild a tree top down: where `change` returns a node, it replaces the subtree."""
    changed = change(expr)
    if changed is not None:
        return changed

    def go(node: Expr) -> Expr:
        return rewrite(node, change)

    match expr:
        case And(operands):
            return And(tuple(map(go, operands)))
        case Or(operands):
            return Or(tuple(map(go, operands)))
        case Not(operand):
            return Not(go(operand))
        case Size(operand):
            return Size(go(operand))
        case IfElse(condition, then, otherwise):
            return IfElse(go(condition), go(then), go(otherwise))
        case Compare(op, left, right):
            return Compare(op, go(left), go(right))
        case Arithmetic(op, left, right):
            return Arithmetic(op, go(left), go(right))
        case Member(item, collection):
            return Member(go(item), go(collection))
        case StringTest(op, subject, argument):
            return StringTest(op, go(subject), go(argument))
        case Matches(subject, pattern):
            return Matches(go(subject), pattern)
        case Lookup(table, keys, default):
            return Lookup(table, tuple(map(go, keys)), default)
        case Call(function, arguments):
            return Call(function, tuple(map(go, arguments)))
        case Quantifier():
            return replace(expr, body=go(expr.body))
        case _:
            return expr
