"""Make a request smaller while it still shows what it showed."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.emit.raw import Raw, json_text

__all__ = ["shrunk"]


def shrunk(text: str, *, still: Callable[[str], bool]) -> str:
    """Return a request without the members and items that `still` does not need."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(text):
            if still(candidate):
                text, smaller = candidate, True
                break
    return text


def _smaller(text: str) -> Iterator[str]:
    count = sum(1 for _ in _places(_parsed(text)))
    for number in range(count):
        whole = _parsed(text)
        holder, key = list(_places(whole))[number]
        del holder[key]
        yield json_text(whole)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """List what can be left out, the largest parts first."""
    if isinstance(value, (dict, list)):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        for key in keys:
            yield value, key
        for key in keys:
            yield from _places(value[key])


def _parsed(text: str) -> Any:
    return json.loads(text, parse_int=Raw, parse_float=Raw)
