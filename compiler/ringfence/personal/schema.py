"""Which facts the schema marks as personal."""

import time
from collections.abc import Iterable
from pathlib import Path

from ringfence.ir.schema import DecisionPoint
from ringfence.language.facts import all_points

__all__ = ["declared_names", "personal_names"]


def personal_names(points: Iterable[DecisionPoint] | None = None) -> frozenset[str]:
    """Return the dotted names of the personal facts of decision points; of our own, if none are told."""
    chosen = all_points().values() if points is None else points
    return frozenset(fact.name for point in chosen for fact in point.facts if fact.personal)


def declared_names(root: Path) -> frozenset[str]:
    """Return those of a policy repository, with its `Facts`; raise CompileError where it has mistakes."""
    from ringfence.pipeline import check_repository

    checked = check_repository(root, now=int(time.time()))
    checked.refuse_mistakes()
    return personal_names(one.point for one in checked.overview.platform.points.values())
