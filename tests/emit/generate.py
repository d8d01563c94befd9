"""Random rules, tenants and requests, from one seed: mostly well formed, several faults at once."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.bench.fleet import generous_params
from tests.bench.fleet import request as clean_request
from tests.emit.reference import Raw

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
    IfElse,
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
from ringfence.ir.rule import Action, Message, Rule
from ringfence.ir.schema import DecisionPoint, Fact, FactSource, FactType, Scalar

__all__ = ["NOW", "Generator", "widened"]

NOW = 1_800_000_000
_TEXTS = (
    "daily",
    "a",
    "sha256:1",
    "registry.internal/base/x",
    "tenant-1",
    "container",
    "ünï",
    "b%v",
)
_PATTERNS = ("^da", "[0-9]+$", "a|b", "^.{3,5}$", "(?i)DAILY")


def widened(point: DecisionPoint) -> DecisionPoint:
    """Add facts of every shape that tenants may declare."""
    texts = FactType(many=True, max_items=5)
    records = FactType(
        fields=(
            Fact(name="name", required=True),
            Fact(name="size", type=FactType(scalar=Scalar.INTEGER, minimum=-3)),
            Fact(name="ok", type=FactType(scalar=Scalar.BOOLEAN)),
        ),
        max_items=5,
    )
    extra = (
        Fact(name="x.score", type=FactType(scalar=Scalar.DECIMAL), required=True),
        Fact(name="x.delta", type=FactType(scalar=Scalar.INTEGER, minimum=-5, maximum=9)),
        Fact(name="x.when", type=FactType(scalar=Scalar.TIMESTAMP)),
        Fact(name="x.flag", type=FactType(scalar=Scalar.BOOLEAN), required=True),
        Fact(name="deep.er.maybe", type=FactType(scalar=Scalar.BOOLEAN)),
        Fact(name="alone", type=FactType(scalar=Scalar.DECIMAL)),
        Fact(name="labels", type=texts, required=True),
        Fact(name="things", type=records, required=True),
        Fact(name="x.labels", type=texts),
        Fact(name="x.things", type=records),
    )
    return replace(point, facts=(*point.facts, *extra))


@dataclass(frozen=True, slots=True)
class Generator:
    """Draw rules and requests of one decision point."""

    point: DecisionPoint
    chance: random.Random
    derived: Mapping[str, Expr]

    def rule(self, rule_id: str) -> Rule:
        """Draw a rule of a tenant."""
        where = And(()) if self.chance.random() < 0.4 else self._condition(2, required=True)
        require = self._condition(3, required=False)
        if self.chance.random() < 0.3:
            require = And((require, self._condition(2, required=False)))
        action = self.chance.choice([Action.BLOCK, Action.HUMAN_REVIEW, Action.ALLOW_LOG])
        milder = self.chance.random() < 0.3
        return Rule(
            id=rule_id,
            point=self.point.name,
            where=where,
            require=require,
            otherwise=action,
            if_unknown=Action.REDACT if milder else action,
            message=Message(("no", "facts.runner.class", "100 %")),
            fix="-",
        )

    def params(self) -> dict[str, Any]:
        """Draw a tenant's parameters for the runner rules; every second tenant allows much."""
        chance = self.chance
        if chance.random() < 0.5:
            return dict(generous_params(1))
        allowed = ["public", "internal", "confidential", "restricted"]
        cell = {
            size: allowed[: chance.randint(0, 4)]
            for size in ("small", "medium", "large", "")
            if chance.random() < 0.8
        }
        networks = chance.sample(["private_vpc", "privatelink", "vpn", "on_premise"], 3)
        classes = chance.sample(["container", "serverless", "dedicated_compute"], 2)
        return {
            "matrix": {kind: dict.fromkeys(networks, cell) for kind in classes},
            "networks": networks,
            "default_size": dict.fromkeys(classes, "medium"),
            "concurrency": chance.randint(0, 10),
            "monthly_seconds": dict.fromkeys(classes, chance.choice([0, 3600, 360_000])),
            "timeouts": dict.fromkeys(classes, chance.choice([1, 900, 14_400])),
            "max_attempts": chance.randint(0, 5),
            "registries": ["registry.internal/base/"],
            "driver_sources": ["registry.internal/drivers/"],
            "secrets_service": "secret://",
            "dns_max_age": 86_400,
            "host_max_age": 900,
        }

    def request(self, tenants: Sequence[str]) -> dict[str, Any]:
        """Draw a request: a plausible one with up to five facts that are missing, mistyped or extreme."""
        facts: dict[str, Any] = {}
        tenant = self.chance.choice(tenants)
        calm: Any = self.chance.random() < 0.5 and clean_request()["facts"]
        faults = set(
            self.chance.sample(self.point.facts, self.chance.choice([0, 0, 0, 1, 1, 2, 5]))
        )
        for fact in self.point.facts:
            if fact.source is FactSource.ATTESTED:
                continue
            if fact in faults:
                value = self._fault(fact)
            elif (known := _at(calm, fact.path)) is not None:
                value = tenant if fact.name == "tags.tenant" else known
            elif not fact.required and self.chance.random() < 0.1:
                value = None
            else:
                value = self._plausible(fact.type)
            if value is not None:
                _put(facts, fact.path, value)
        if self.chance.random() < 0.7:
            _put(facts, ("tags", "class"), facts.get("runner", {}).get("class", "container"))
        return {"point": self.point.name, "tenant": tenant, "facts": facts}

    def _plausible(self, kind: FactType) -> Any:
        if kind.is_records:
            count = self.chance.choice([0, 0, 1, 2])
            return [dict(self._fields(kind)) for _ in range(count)]
        if kind.many:
            count = self.chance.choice([0, 1, 2])
            return [self._scalar(replace(kind, many=False)) for _ in range(count)]
        return self._scalar(kind)

    def _fields(self, kind: FactType) -> Iterator[tuple[str, Any]]:
        for one in kind.fields:
            if one.required or self.chance.random() < 0.8:
                yield one.name, self._scalar(one.type)

    def _scalar(self, kind: FactType) -> Any:
        chance = self.chance
        match kind.scalar:
            case Scalar.BOOLEAN:
                return chance.random() < 0.6
            case Scalar.ENUM:
                return chance.choice(kind.values)
            case Scalar.STRING:
                return chance.choice(_TEXTS)
            case Scalar.DECIMAL:
                return Decimal(chance.choice(["0", "0.5", "1.25", "3", "999.999999"]))
            case Scalar.TIMESTAMP:
                return NOW - chance.choice([0, 1, 60, 900, 901, 86_400, 86_401, -5])
            case _:
                near = [0, 1, 2, 3, 5, 900, 901, 3600, 14_400, kind.minimum, kind.maximum]
                return min(max(chance.choice(near), kind.minimum), kind.maximum)

    def _fault(self, fact: Fact) -> Any:
        """Draw a value that is missing (None), of another type, or outside the range."""
        wrong: list[Any] = [None, None, "", "x", 7, -1, True, [], {}, [None], [{}], 10**15, 1e300]
        wrong += [Raw("1.0"), Raw("1e2"), Raw("0.1234567"), fact.type.minimum - 1]
        if fact.type.is_records:
            record = dict(self._fields(fact.type))
            name = self.chance.choice(list(fact.type.fields)).name
            wrong += [[record | {name: self.chance.choice(["", 5, None, {}, -4])}]] * 8
        value = self.chance.choice(wrong)
        return Raw("1e300") if isinstance(value, float) else value

    def _condition(self, depth: int, *, required: bool, item: Fact | None = None) -> Expr:
        chance = self.chance

        def inner() -> Expr:
            return self._condition(depth - 1, required=required, item=item)

        if depth <= 0 or chance.random() < 0.25:
            return self._atom(required=required, item=item)
        match chance.choice(["and", "or", "not", "if"]):
            case "and":
                return And((inner(), inner()))
            case "or":
                return Or((inner(), inner(), inner())[: chance.choice([2, 3])])
            case "not":
                return Not(inner())
            case _:
                return IfElse(inner(), inner(), inner())

    def _atom(self, *, required: bool, item: Fact | None) -> Expr:
        chance = self.chance
        choices: list[Fact] = [
            f
            for f in self.point.facts
            if (f.required or not required) and not (item and f.type.is_list)
        ]
        if item is not None and chance.random() < 0.8:
            return self._item_atom(item, required=required)
        fact = chance.choice(choices)
        if fact.type.is_list:
            return self._list_atom(fact, required=required)
        if not fact.required and chance.random() < 0.15:
            return Has(FactRef(fact.name))
        return self._scalar_atom(FactRef(fact.name), fact.type)

    def _item_atom(self, records: Fact, *, required: bool) -> Expr:
        if not records.type.is_records:
            return self._scalar_atom(ItemRef("one"), replace(records.type, many=False))
        fields = [f for f in records.type.fields if f.required or not required]
        one = self.chance.choice(fields)
        if not one.required and self.chance.random() < 0.2:
            return Has(ItemRef("one", one.name))
        return self._scalar_atom(ItemRef("one", one.name), one.type)

    def _list_atom(self, fact: Fact, *, required: bool) -> Expr:
        chance = self.chance
        collection = FactRef(fact.name)
        if chance.random() < 0.2:
            return Compare(chance.choice(list(CompareOp)), Size(collection), Literal(1))
        if fact.type.many and chance.random() < 0.4:
            return Member(Literal(chance.choice(_TEXTS)), collection)
        kind = chance.choice(list(QuantifierKind))
        return Quantifier(kind, collection, "one", self._condition(1, required=required, item=fact))

    def _scalar_atom(self, one: FactRef | ItemRef, kind: FactType) -> Expr:
        chance, op = self.chance, self.chance.choice(list(CompareOp))
        equal = chance.choice([CompareOp.EQ, CompareOp.NE])
        match kind.scalar:
            case Scalar.BOOLEAN:
                return one if chance.random() < 0.5 else Compare(equal, one, Literal(True))
            case Scalar.ENUM if chance.random() < 0.5:
                return Member(one, Literal(tuple(chance.sample(kind.values, 1))))
            case Scalar.ENUM:
                return Compare(equal, one, Literal(chance.choice(kind.values)))
            case Scalar.STRING:
                return self._text_atom(one, equal)
            case Scalar.DECIMAL:
                return Compare(op, one, Literal(Decimal(chance.choice(["0.5", "1.25", "3"]))))
            case Scalar.TIMESTAMP:
                age = Arithmetic(ArithmeticOp.SUB, Now(), Literal(chance.choice([1, 900, 86_400])))
                return Compare(op, one, age)
            case _:
                return Compare(op, self._number(one), self._bound())

    def _text_atom(self, one: Expr, equal: CompareOp) -> Expr:
        chance = self.chance
        text = Literal(chance.choice(_TEXTS))
        choices: list[Expr] = [
            Compare(equal, one, text),
            Compare(equal, one, FactRef("pipeline.id")),
            Compare(equal, one, TenantName()),
            StringTest(chance.choice(list(StringTestOp)), one, Literal("a")),
            Matches(one, chance.choice(_PATTERNS)),
            AnyPrefix(one, ParamRef("registries")),
            Member(one, Literal(tuple(chance.sample(_TEXTS, 2)))),
            Compare(CompareOp.GE, Size(one), Literal(3)),
        ]
        return chance.choice(choices)

    def _number(self, one: Expr) -> Expr:
        chance = self.chance
        if chance.random() < 0.7:
            return one
        return Arithmetic(
            chance.choice(list(ArithmeticOp)), one, Literal(chance.choice([1, 2, 60]))
        )

    def _bound(self) -> Expr:
        chance = self.chance
        if chance.random() < 0.2:
            return ParamRef(chance.choice(["concurrency", "max_attempts"]))
        if chance.random() < 0.1:
            return Derived(chance.choice(["usage.running_after", "usage.class_hours_after"]))
        return Literal(chance.choice([-5, -1, 0, 1, 2, 900, 3600]))


def _at(facts: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        facts = facts.get(part) if isinstance(facts, Mapping) else None
    return facts


def _put(facts: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *parents, last = path
    place: Any = facts
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
