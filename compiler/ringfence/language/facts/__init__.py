"""The decision points: one module each, found by listing this package."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from ringfence.ir.schema import DecisionPoint

__all__ = ["all_points"]


@cache
def all_points() -> Mapping[str, DecisionPoint]:
    """Map each decision point's name to its description, in alphabetical order."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        point = getattr(importlib.import_module(f"{__name__}.{info.name}"), "POINT", None)
        if isinstance(point, DecisionPoint):
            found[point.name] = point
    return dict(sorted(found.items()))
