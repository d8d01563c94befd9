"""The policy kinds: one module each, found by listing this package."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from ringfence.language.kinds.kind import Kind

__all__ = ["Kind", "all_kinds"]


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Map each kind's name to its description, in alphabetical order."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        kind = getattr(importlib.import_module(f"{__name__}.{info.name}"), "KIND", None)
        if isinstance(kind, Kind):
            found[kind.name] = kind
    return dict(sorted(found.items()))
