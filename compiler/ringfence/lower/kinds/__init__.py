"""One module a kind, found by listing this package."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from ringfence.lower.lowering import Lowering

__all__ = ["all_lowerings"]


@cache
def all_lowerings() -> Mapping[str, Lowering]:
    """Map governing kinds to their lowerings."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        lowering = getattr(importlib.import_module(f"{__name__}.{info.name}"), "LOWERING", None)
        if isinstance(lowering, Lowering):
            found[lowering.kind] = lowering
    return found
