"""The runtime's own counts of turns and tokens, from a file that it replaces as they grow."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["read_told"]

_NAMES: Final = frozenset({"turns", "tokens"})
_LARGEST: Final = 4096


def read_told(file: Path | None) -> Mapping[str, int]:
    """Read a JSON object of `turns` and `tokens`; raise ValueError where there is none."""
    if file is None:
        return {}
    try:
        with file.open("rb") as opened:
            value = json.loads(opened.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        raise ValueError("the runtime's counts cannot be read") from None
    if not isinstance(value, dict) or set(value) != _NAMES:
        raise ValueError("the runtime's counts are no object of `turns` and `tokens`")
    if not all(type(count) is int and count >= 0 for count in value.values()):
        raise ValueError("the runtime's counts are no whole numbers")
    return value
