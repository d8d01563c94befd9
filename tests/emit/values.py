"""The values that rules and requests are drawn from: the same ones, so that they meet."""

import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ringfence.ir.schema import DecisionPoint, Fact, FactType, Scalar

__all__ = ["DECIMALS", "NOW", "NUMBERS", "PARAMETERS", "PATTERNS", "TEXTS", "parameters", "widened"]

# In seconds since the epoch.
NOW = 1_790_000_000
TEXTS = (
    "daily",
    "a",
    "ab",
    "sha256:1",
    "registry.internal/base/x",
    "secret://x",
    "ünï 🦀",
    'b%v"\\',
)
PATTERNS = ("^da", "[0-9]+$", "a|b", "^.{1,3}$", "(?i)DAILY", "^[^/]*$")
NUMBERS = (0, 1, 2, 3, 5, 60, 900, 3600)
DECIMALS = tuple(map(Decimal, ("0.1", "0.3", "0.5", "1", "1.1", "2.2", "3.3", "2.000001")))

# What custom rules may name as `params.NAME`: its scalar, and whether it is a list.
PARAMETERS: Mapping[str, tuple[Scalar, bool]] = {
    "p_limit": (Scalar.INTEGER, False),
    "p_score": (Scalar.DECIMAL, False),
    "p_age": (Scalar.DURATION, False),
    "p_text": (Scalar.STRING, False),
    "p_texts": (Scalar.STRING, True),
    "p_flag": (Scalar.BOOLEAN, False),
}


def parameters(chance: random.Random) -> dict[str, Any]:
    """Draw a tenant's values for `PARAMETERS`."""
    return {
        "p_limit": chance.choice(NUMBERS),
        "p_score": chance.choice(DECIMALS),
        "p_age": chance.choice([1, 60, 900, 86_400]),
        "p_text": chance.choice(TEXTS),
        "p_texts": chance.sample(TEXTS, chance.choice([0, 1, 2, 4])),
        "p_flag": chance.random() < 0.5,
    }


def widened(point: DecisionPoint) -> DecisionPoint:
    """Add facts of every shape that the schema has, some of them under names that others have."""
    # A gate knows -1 as what stands for a missing number.
    from_minus_one = FactType(scalar=Scalar.INTEGER, minimum=-1, maximum=900)
    records = FactType(
        fields=(
            Fact(name="name", type=FactType(scalar=Scalar.INTEGER), required=True),
            # `images` and `secrets` have text of these names.
            Fact(name="digest", type=FactType(scalar=Scalar.INTEGER, minimum=-3)),
            Fact(name="ref", type=FactType(scalar=Scalar.BOOLEAN)),
            Fact(name="rank", type=from_minus_one, required=True),
            Fact(name="tier", type=FactType(scalar=Scalar.ENUM, values=("low", "high"))),
            Fact(name="at", type=FactType(scalar=Scalar.TIMESTAMP)),
            Fact(name="score", type=FactType(scalar=Scalar.DECIMAL)),
        ),
        max_items=4,
    )
    number = FactType(scalar=Scalar.INTEGER, minimum=-5, maximum=60)
    extra = (
        Fact(name="team.score", type=FactType(scalar=Scalar.DECIMAL)),
        Fact(name="team.change", type=FactType(scalar=Scalar.DECIMAL, minimum=-5, maximum=60)),
        Fact(name="team.share", type=FactType(scalar=Scalar.DECIMAL, minimum=1)),
        Fact(name="team.count", type=FactType(scalar=Scalar.INTEGER, minimum=1)),
        Fact(name="team.delta", type=number),
        Fact(name="team.wait", type=FactType(scalar=Scalar.DURATION)),
        Fact(name="team.when", type=FactType(scalar=Scalar.TIMESTAMP)),
        Fact(name="team.flag", type=FactType(scalar=Scalar.BOOLEAN)),
        Fact(name="team.deep.er.text", type=FactType()),
        Fact(name="team.tier", type=FactType(scalar=Scalar.ENUM, values=("low", "high"))),
        Fact(name="team.labels", type=FactType(many=True, max_items=4)),
        Fact(name="team.deltas", type=replace(number, many=True, max_items=4)),
        Fact(name="team.things", type=records),
        Fact(name="team.ranks", type=replace(from_minus_one, many=True, max_items=4)),
        Fact(name="team.labels_given", type=FactType()),
        Fact(name="violates.runner.tags", type=FactType()),
        Fact(name="satisfied", type=FactType(scalar=Scalar.BOOLEAN)),
        Fact(name="is.array", type=FactType()),
        # Records have fields of these names.
        Fact(name="item.name", type=FactType()),
        Fact(name="item.digest", type=FactType()),
        Fact(name="must.rank", type=from_minus_one, required=True),
        Fact(name="must.labels", type=FactType(many=True, max_items=4), required=True),
        Fact(name="must.things", type=records, required=True),
        Fact(name="must.delta", type=number, required=True),
        Fact(name="must.score", type=FactType(scalar=Scalar.DECIMAL), required=True),
        Fact(name="must.when", type=FactType(scalar=Scalar.TIMESTAMP), required=True),
    )
    return replace(point, facts=(*point.facts, *extra))
