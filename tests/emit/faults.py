"""Faults of requests: facts that are missing, of another type, out of range; objects that are none."""

import random
from dataclasses import dataclass
from typing import Any

from tests.emit.raw import Raw

from ringfence.ir.schema import DecisionPoint, Fact, FactType, Scalar

__all__ = ["Faults"]

MISSING = object()
_STRANGE: tuple[Any, ...] = (
    MISSING, MISSING, MISSING, None, None, "", "x", "container", "passed", 0, 7, -1, True, False,
    [], {}, [None], [{}], ["a", 7], {"a": 1}, 10**15, -(10**15), 10**30, "y" * 900, "y" * 1024, "🦀" * 1024,
    "y" * 1025, "🦀" * 1025,
)  # fmt: skip
_NUMBERS = ("1.0", "1e2", "0.1234567", "-0.5", "1E-2", "0e0", "1e300", "-5.5", "-5.9", "-0", "-0.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Spoil requests at a decision point."""

    point: DecisionPoint
    chance: random.Random

    def commit(self, asked: dict[str, Any], count: int) -> None:
        """Change some facts of a request, and rarely the request itself."""
        for _ in range(count):
            self._spoil(asked["facts"], self.chance.choice(self.point.facts))
        draw = self.chance.random()
        if draw < 0.004:
            asked["tenant"] = self.chance.choice(["nobody", None, 7, ["tenant-0"], ""])
            if self.chance.random() < 0.2:
                del asked["tenant"]
        elif draw < 0.008:
            asked["facts"] = self.chance.choice([None, [], "x", 7, {}, [asked["facts"]]])
        elif draw < 0.010:
            del asked["facts"]
        elif draw < 0.05:
            asked["facts"][self.chance.choice(["stranger", "to"])] = self.chance.choice(
                [1, {"a": []}]
            )

    def _spoil(self, facts: dict[str, Any], fact: Fact) -> None:
        *parents, last = fact.path
        place: Any = facts
        for parent in parents:
            if self.chance.random() < 0.03:
                place[parent] = self.chance.choice([None, 7, "x", [], {}])
                return
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                return
        value = self._strange_list(fact.type, place.get(last)) if fact.type.is_list else MISSING
        if value is MISSING:
            value = self._strange(fact.type)
        if value is MISSING:
            place.pop(last, None)
        else:
            place[last] = value

    def _strange(self, kind: FactType) -> Any:
        """Draw a value that a type hardly has, or one at its edge."""
        chance = self.chance
        draw = chance.random()
        if kind.scalar.is_number and draw < 0.2:
            edges = (kind.minimum, kind.minimum - 1, kind.maximum, kind.maximum + 1)
            return chance.choice([*edges, Raw(f"{kind.maximum}.5"), Raw(f"{kind.minimum - 1}.5")])
        if draw < 0.3:
            return Raw(chance.choice(_NUMBERS))
        if kind.scalar is Scalar.ENUM and draw < 0.5:
            return chance.choice(["other", kind.values[0].upper(), f"{kind.values[0]} "])
        return chance.choice(_STRANGE)

    def _strange_list(self, kind: FactType, sent: Any) -> Any:
        """Spoil one item of a list, or its length."""
        chance = self.chance
        items = list(sent) if isinstance(sent, list) else []
        draw = chance.random()
        if draw < 0.1 and kind.max_items < 10:
            return (items or ["a"]) * (kind.max_items + 1)
        if draw < 0.2 or not items:
            return MISSING
        at = chance.randrange(len(items))
        if draw < 0.4 or not kind.is_records or not isinstance(items[at], dict):
            items[at] = self._strange(kind) if not kind.is_records else chance.choice([None, [], 7])
        else:
            field = chance.choice(kind.fields)
            value = self._strange(field.type)
            items[at] = {**items[at], field.name: value}
            if value is MISSING:
                del items[at][field.name]
        return [None if one is MISSING else one for one in items]
