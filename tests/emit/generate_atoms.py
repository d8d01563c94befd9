"""Random comparisons and tests, each drawn as a tree and as CEL at once."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from tests.emit.values import DECIMALS, NOW, NUMBERS, PATTERNS, TEXTS

from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    ArithmeticOp,
    Compare,
    CompareOp,
    Derived,
    Expr,
    FactRef,
    Has,
    ItemRef,
    Literal,
    Matches,
    Member,
    Not,
    Now,
    Or,
    ParamRef,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    StringTestOp,
    TenantName,
)
from ringfence.ir.schema import DecisionPoint, Fact, FactSource, FactType, Scalar

__all__ = ["Atoms", "Drawn"]

_EQUALITY = (CompareOp.EQ, CompareOp.NE)
_ITEM = "one"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tree, and the CEL that should lower to its equal."""

    expr: Expr
    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A fact, or a field of an item, with its type."""

    term: Drawn
    type: FactType
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Atoms:
    """Draw conditions without `&&`, `||` and `!` for a rule's `where` or `require`."""

    point: DecisionPoint
    derived: Sequence[tuple[str, Expr]]
    chance: random.Random
    role: str

    def atom(self) -> Drawn:
        """Draw a condition over one or two facts."""
        facts = [fact for fact in self.point.facts if self._may_read(fact)]
        lists = [fact for fact in facts if fact.type.is_list]
        if self.chance.random() < 0.25:
            return self._about_list(self.chance.choice(lists))
        scalars = [_fact(fact) for fact in facts if not fact.type.is_list]
        return self._about(self.chance.choice(scalars), scalars)

    def _may_read(self, fact: Fact) -> bool:
        return self.role == "require" or (fact.required and fact.source is not FactSource.ATTESTED)

    def _about_list(self, fact: Fact) -> Drawn:
        chance, whole = self.chance, _fact(fact)
        draw = chance.random()
        if whole.optional and draw < 0.1:
            return _has(whole)
        if draw < 0.3:
            size = Drawn(Size(whole.term.expr), f"size({whole.term.text})")
            return self._compared(size, _number(chance.choice([0, 1, 2])))
        if fact.type.many and draw < 0.5:
            item = replace(fact.type, many=False)
            one = self._constant(item)
            return Drawn(Member(one.expr, whole.term.expr), f"{one.text} in {whole.term.text}")
        return self._quantified(fact, whole)

    def _quantified(self, fact: Fact, whole: Subject) -> Drawn:
        kind = self.chance.choice(list(QuantifierKind))
        fields = [field for field in fact.type.fields if self._may_read(field)]
        items = [
            Subject(
                Drawn(ItemRef(_ITEM, field.name), f"{_ITEM}.{field.name}"),
                field.type,
                not field.required,
            )
            for field in fields
        ] or [Subject(Drawn(ItemRef(_ITEM), _ITEM), replace(fact.type, many=False), False)]
        facts = [
            _fact(one) for one in self.point.facts if self._may_read(one) and not one.type.is_list
        ]
        beside = [
            *items,
            *(one for one in facts if one.term.text.startswith("facts.item.")),
            *facts[:4],
        ]
        body = self._about(self.chance.choice(items), beside)
        if self.chance.random() < 0.4:
            other = self._about(self.chance.choice(items), beside)
            body = self.chance.choice([_or, _and])(body, other)
        tree = Quantifier(kind, FactRef(fact.name), _ITEM, body.expr)
        assert isinstance(whole.term.expr, FactRef)
        return Drawn(tree, f"{whole.term.text}.{kind}({_ITEM}, {body.text})")

    def _about(self, one: Subject, others: Sequence[Subject]) -> Drawn:
        """Draw a condition about a subject, beside constants, parameters, or others of its type."""
        if one.optional and self.chance.random() < 0.15:
            return _has(one)
        alike = [
            other.term
            for other in others
            if other is not one and other.type.scalar is one.type.scalar
        ]
        match one.type.scalar:
            case Scalar.BOOLEAN:
                return self._about_boolean(one, alike)
            case Scalar.ENUM:
                return self._about_enum(one)
            case Scalar.STRING:
                return self._about_text(one, alike)
            case Scalar.TIMESTAMP:
                return self._about_time(one.term, alike)
            case _:
                return self._about_number(one, alike)

    def _about_boolean(self, one: Subject, alike: Sequence[Drawn]) -> Drawn:
        op, chance = self.chance.choice(_EQUALITY), self.chance
        choices: list[Drawn] = [
            one.term,
            Drawn(Not(one.term.expr), f"!{one.term.text}"),
            _compare(op, one.term, Drawn(Literal(True), "true")),
            _compare(op, one.term, Drawn(ParamRef("p_flag"), "params.p_flag")),
        ]
        choices += [_compare(op, one.term, other) for other in alike[:2]]
        if isinstance(one.term.expr, FactRef):  # a quantifier's body must read its item
            sign = chance.choice(["", "!"])
            choices.append(Drawn(_signed(sign, ParamRef("p_flag")), f"{sign}params.p_flag"))
        return chance.choice(choices)

    def _about_enum(self, one: Subject) -> Drawn:
        values = one.type.values
        if self.chance.random() < 0.5:
            return _compare(self.chance.choice(_EQUALITY), one.term, self._constant(one.type))
        count = self.chance.randint(1, max(1, len(values) - 1))
        return _listed(one.term, self.chance.sample(values, count))

    def _about_text(self, one: Subject, alike: Sequence[Drawn]) -> Drawn:
        chance, term = self.chance, one.term
        op = chance.choice(_EQUALITY)
        test = chance.choice(list(StringTestOp))
        part = chance.choice(
            [_text(chance.choice(TEXTS)), _text("a"), Drawn(ParamRef("p_text"), "params.p_text")]
        )
        pattern = chance.choice(PATTERNS)
        prefixes = Drawn(ParamRef("p_texts"), "params.p_texts")
        size = Drawn(Size(term.expr), f"size({term.text})")
        choices: list[Callable[[], Drawn]] = [
            lambda: _compare(op, term, self._constant(one.type)),
            lambda: _compare(op, term, Drawn(TenantName(), "tenant")),
            lambda: _compare(op, term, chance.choice([*alike, part])),
            lambda: _listed(term, chance.sample(TEXTS, chance.choice([1, 2, 3]))),
            lambda: Drawn(Member(term.expr, prefixes.expr), f"{term.text} in {prefixes.text}"),
            lambda: Drawn(
                StringTest(test, term.expr, part.expr), f"{term.text}.{test}({part.text})"
            ),
            lambda: Drawn(Matches(term.expr, pattern), f"{term.text}.matches({_quoted(pattern)})"),
            lambda: Drawn(
                AnyPrefix(term.expr, ParamRef("p_texts")),
                f"{prefixes.text}.exists(p, {term.text}.startsWith(p))",
            ),
            lambda: self._compared(size, _number(chance.choice([1, 3, 7]))),
        ]
        return chance.choice(choices)()

    def _about_time(self, term: Drawn, alike: Sequence[Drawn]) -> Drawn:
        chance = self.chance
        age = chance.choice(
            [_duration(chance.choice([0, 1, 60, 900])), _PARAMETER[Scalar.DURATION]]
        )
        now = Drawn(Now(), "now")
        choices = [
            (term, _arithmetic(ArithmeticOp.SUB, now, age)),
            (_arithmetic(ArithmeticOp.ADD, term, age), now),
            (_arithmetic(ArithmeticOp.SUB, now, term), age),
            (term, chance.choice([now, *alike])),
            (term, _moment(NOW - chance.choice([0, 1, 900]))),
        ]
        return self._compared(*chance.choice(choices))

    def _about_number(self, one: Subject, alike: Sequence[Drawn]) -> Drawn:
        chance, scalar = self.chance, one.type.scalar
        term, other = one.term, self._number_beside(scalar, alike)
        draw = chance.random()
        if draw < 0.15 and scalar is not Scalar.DURATION:
            if scalar is Scalar.DECIMAL:
                return _listed(term, chance.sample(DECIMALS, 2))
            return _listed(term, chance.sample(NUMBERS, 2))
        if draw < 0.4:
            op = chance.choice([ArithmeticOp.ADD, ArithmeticOp.SUB])
            if scalar is not Scalar.DURATION and chance.random() < 0.4:
                op = ArithmeticOp.MUL
            term = _arithmetic(op, term, self._number_beside(scalar, alike))
        return self._compared(term, other)

    def _number_beside(self, scalar: Scalar, alike: Sequence[Drawn]) -> Drawn:
        draw = self.chance.random()
        if draw < 0.2:
            return _PARAMETER[scalar]
        if draw < 0.4 and alike:
            return self.chance.choice(alike)
        if draw < 0.5 and scalar is Scalar.INTEGER and self.role == "require":
            names = [name for name, expr in self.derived if isinstance(expr, Arithmetic)]
            name = self.chance.choice(names)
            return Drawn(Derived(name), f"derived.{name}")
        return self._constant(FactType(scalar=scalar))

    def _constant(self, kind: FactType) -> Drawn:
        match kind.scalar:
            case Scalar.ENUM:
                return _text(self.chance.choice(kind.values))
            case Scalar.DECIMAL:
                return _number(self.chance.choice(DECIMALS))
            case Scalar.DURATION:
                return _duration(self.chance.choice(NUMBERS))
            case Scalar.INTEGER:
                return _number(self.chance.choice([*NUMBERS, -5, -1]))
            case _:
                return _text(self.chance.choice(TEXTS))

    def _compared(self, left: Drawn, right: Drawn) -> Drawn:
        return _compare(self.chance.choice(list(CompareOp)), left, right)


def _fact(fact: Fact) -> Subject:
    return Subject(Drawn(FactRef(fact.name), f"facts.{fact.name}"), fact.type, not fact.required)


def _has(one: Subject) -> Drawn:
    assert isinstance(one.term.expr, (FactRef, ItemRef))
    return Drawn(Has(one.term.expr), f"has({one.term.text})")


def _signed(sign: str, expr: Expr) -> Expr:
    return Not(expr) if sign else expr


def _compare(op: CompareOp, left: Drawn, right: Drawn) -> Drawn:
    return Drawn(Compare(op, left.expr, right.expr), f"{left.text} {op} {right.text}")


def _arithmetic(op: ArithmeticOp, left: Drawn, right: Drawn) -> Drawn:
    return Drawn(Arithmetic(op, left.expr, right.expr), f"({left.text} {op} {right.text})")


def _listed(term: Drawn, values: Sequence[int | Decimal | str]) -> Drawn:
    texts = (_quoted(one) if isinstance(one, str) else f"{one}" for one in values)
    return Drawn(Member(term.expr, Literal(tuple(values))), f"{term.text} in [{', '.join(texts)}]")


def _or(left: Drawn, right: Drawn) -> Drawn:
    return Drawn(Or((left.expr, right.expr)), f"({left.text}) || ({right.text})")


def _and(left: Drawn, right: Drawn) -> Drawn:
    return Drawn(And((left.expr, right.expr)), f"({left.text}) && ({right.text})")


def _number(value: int | Decimal) -> Drawn:
    return Drawn(Literal(value), str(value))


def _text(value: str) -> Drawn:
    return Drawn(Literal(value), _quoted(value))


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _duration(seconds: int) -> Drawn:
    return Drawn(Literal(seconds), f'duration("{seconds}s")')


def _moment(seconds: int) -> Drawn:
    written = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Drawn(Literal(seconds), f'timestamp("{written}")')


_PARAMETER = {
    Scalar.INTEGER: Drawn(ParamRef("p_limit"), "params.p_limit"),
    Scalar.DECIMAL: Drawn(ParamRef("p_score"), "params.p_score"),
    Scalar.DURATION: Drawn(ParamRef("p_age"), "params.p_age"),
}
