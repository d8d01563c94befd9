"""Copy only what an allow-list names: facts by dotted name, and plain values of bounded size."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.canonical import MAX_SAFE_INTEGER
from ringfence.replay.event_json import ExactNumber

__all__ = ["NUMBER", "Allowed", "allow_facts", "allow_pointers", "plain", "short_text"]

NUMBER: Final = "number"
"""The key under which a number that RFC 8785 cannot write is kept, as its literal."""

_MAX_TEXT: Final = 1024
_MAX_ITEMS: Final = 200
_MAX_NAMES: Final = 200
_FACT_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,4}")
_POINTER = re.compile(r"(/[a-z][a-z0-9_]{0,62}){1,6}")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is copied of a request's facts, and the names of what is not.

    `unnamed` counts values whose name is not written like a fact's name, so is not shown either.
    """

    facts: dict[str, Any]
    withheld: tuple[str, ...]
    unnamed: int

    def without_facts(self) -> "Allowed":
        """Withhold every fact."""
        return Allowed({}, tuple(sorted({*self.withheld, *self.facts})), self.unnamed)


def allow_facts(facts: object, *, allowed: frozenset[str]) -> Allowed:
    """Copy the facts whose dotted names are allowed, and name the others.

    `images.digest` is that field of every record of the list `images`. An object is never copied as
    a whole: what an allowed name does not lead to as a plain value is withheld.
    """
    kept: dict[str, Any] = {}
    withheld: set[str] = set()
    unnamed = 0
    for name, value in _leaves(facts, ""):
        if not _FACT_NAME.fullmatch(name):
            unnamed += 1
        elif name in allowed and (copied := _plain_or_none(value)) is not None:
            kept[name] = copied[0]
        else:
            withheld.add(name)
    names = sorted(withheld)
    return Allowed(kept, tuple(names[:_MAX_NAMES]), unnamed + len(names[_MAX_NAMES:]))


def allow_pointers(pointers: Sequence[str]) -> tuple[list[str], int]:
    """Return the JSON pointers that are made of names like a fact's, sorted, and count the others.

    A pointer repeats names that the caller chose.
    """
    named = sorted({pointer for pointer in pointers if _POINTER.fullmatch(pointer)})[:_MAX_NAMES]
    return named, len(set(pointers)) - len(named)


def plain(value: object) -> Any:
    """Return a plain value that RFC 8785 can write; raise ValueError for another.

    Plain is null, boolean, text of bounded length, number, or a bounded list of these. A number
    beyond 2^53-1 or that no double holds becomes `{"number": "its literal"}`.
    """
    match value:
        case ExactNumber():
            return {NUMBER: short_text(str(value))}
        case bool() | None | float():
            return value
        case int():
            safe = -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
            return value if safe else {NUMBER: str(value)}
        case str():
            return short_text(value)
        case list() if len(value) <= _MAX_ITEMS and not any(isinstance(v, list) for v in value):
            return [plain(one) for one in value]
        case _:
            raise ValueError("not a plain value")


def short_text(value: object, *, limit: int = _MAX_TEXT) -> str:
    """Return a text of at most `limit` characters; raise ValueError for anything else."""
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError("not a short text")
    return str(value)


def _plain_or_none(value: object) -> tuple[Any] | None:
    try:
        return (plain(value),)
    except ValueError:
        return None


def _leaves(value: object, name: str) -> Iterator[tuple[str, object]]:
    """Yield dotted names with their values; the fields of a list of records as one list each."""
    if isinstance(value, dict) and (value or not name):
        for key, one in value.items():
            yield from _leaves(one, _join(name, key))
    elif fields := _record_fields(value):
        assert isinstance(value, list)
        for key in fields:
            yield from _leaves([one.get(key) for one in value], _join(name, key))
    else:
        yield name, value


def _join(name: str, key: str) -> str:
    """Append a key; one with a dot in it could pass for another name, so it gets none."""
    if "." in key or name.endswith("."):
        return "."
    return f"{name}.{key}" if name else key


def _record_fields(value: object) -> list[str]:
    """Return the sorted fields of a list of records, none for anything else or too many of them."""
    if not isinstance(value, list) or not 0 < len(value) <= _MAX_ITEMS:
        return []
    if not all(isinstance(one, dict) for one in value):
        return []
    fields = {key for one in value for key in one}
    return sorted(fields) if len(fields) <= _MAX_NAMES else []
