"""Copy only what an allow-list names: facts by dotted name, and plain values of bounded size."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import rfc8785

from ringfence.decision_log.exact_json import ExactNumber
from ringfence.evidence.canonical import MAX_SAFE_INTEGER

__all__ = [
    "MAX_ITEMS",
    "MAX_TEXT",
    "NUMBER",
    "Allowed",
    "allow_facts",
    "allow_pointers",
    "plain",
    "short_text",
]

NUMBER: Final = "number"
"""The key under which a number that RFC 8785 cannot write is kept, as its literal."""

MAX_TEXT: Final = 1024
MAX_ITEMS: Final = 200
_MAX_NAMES: Final = 200
_LONGEST: Final = 63
_LONG: Final = 1000
_UNNAMED: Final = "."
_FACT_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,4}")
_Sorted = tuple[dict[str, Any], list[str]]
_POINTER = re.compile(r"(/[a-z][a-z0-9_]{0,62}){1,6}")


class Allowed(NamedTuple):
    """What is copied of a request's facts, and the names of what is not.

    `committed` maps the names of personal facts to commitments. `unnamed` counts values whose name is not written like a fact's name, so is not shown either.
    """

    facts: dict[str, Any]
    withheld: tuple[str, ...]
    unnamed: int
    committed: Mapping[str, str] = MappingProxyType({})

    def without_facts(self) -> "Allowed":
        """Withhold every fact."""
        names = {*self.withheld, *self.facts, *self.committed}
        return Allowed({}, tuple(sorted(names)), self.unnamed)


def allow_facts(facts: object, *, allowed: frozenset[str]) -> Allowed:
    """Copy the facts whose dotted names are allowed, and name the others.

    `images.digest` is that field of every record of the list `images`. An object is never copied as
    a whole: what an allowed name does not lead to as a plain value is withheld.
    """
    into: _Sorted = ({}, [])
    members = facts.items() if isinstance(facts, dict) else _columns(facts)
    unnamed = _sort_out(members, "", allowed, into)
    if not members and not isinstance(facts, dict):
        unnamed = 1
    kept, withheld = into
    if len(withheld) > _MAX_NAMES:
        unnamed += len(withheld) - _MAX_NAMES
    withheld.sort()
    return Allowed(kept, tuple(withheld[:_MAX_NAMES]), unnamed)


def allow_pointers(pointers: Sequence[str]) -> tuple[Sequence[str], int]:
    """Return the JSON pointers that are made of names like a fact's, sorted, and count the others.

    A pointer repeats names that the caller chose.
    """
    if not pointers:
        return (), 0
    if sum(map(len, pointers)) > _LONG:
        return _named_pointers.__wrapped__(tuple(pointers))
    return _named_pointers(tuple(pointers))


@functools.lru_cache(maxsize=1024)
def _named_pointers(pointers: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """Sort the pointers out; a mask takes the same ones out of most events."""
    named = sorted({pointer for pointer in pointers if _POINTER.fullmatch(pointer)})[:_MAX_NAMES]
    return tuple(named), len(set(pointers)) - len(named)


def plain(value: object) -> Any:
    """Return a plain value that RFC 8785 can write; raise ValueError for another.

    Plain is null, boolean, text of bounded length, number, or a bounded list of these. A number
    beyond 2^53-1 or that no double holds becomes `{"number": "its literal"}`, a double as RFC 8785 writes it.
    """
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise ValueError("too long a list")
        return [_scalar(one) for one in value]
    return _scalar(value)


def _scalar(value: object) -> Any:
    if type(value) is str and len(value) <= MAX_TEXT:
        return value  # most are
    match value:
        case ExactNumber():
            return {NUMBER: short_text(str(value))}
        case None | bool():
            return value
        case float():
            # RFC 8785 writes such a double like an integer that no reader may take for exact.
            safe = -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
            return value if safe else {NUMBER: rfc8785.dumps(value).decode()}
        case int():
            safe = -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
            return value if safe else {NUMBER: str(value)}
        case str():
            return short_text(value)
        case _:
            raise ValueError("not a plain value")


def short_text(value: object, *, limit: int = MAX_TEXT) -> str:
    """Return a text of at most `limit` characters; raise ValueError for anything else."""
    if type(value) is not str or len(value) > limit:  # a long number's literal is a `str` too
        raise ValueError("not a short text")
    return value


def _plain_or_none(value: object) -> tuple[Any] | None:
    try:
        return (plain(value),)
    except ValueError:
        return None


def _sort_out(
    members: Iterable[tuple[str, Any]], prefix: str, allowed: frozenset[str], into: _Sorted
) -> int:
    """Copy or name each value below a prefix, and count those that have no name.

    The fields of a list of records are one list each. No two values have the same name.
    """
    unnamed, (kept, withheld) = 0, into
    for key, value in members:
        # A longer key is no name, and would only fill the cache.
        name, kind = _joined(prefix, key) if len(key) <= _LONGEST else _UNNAMED, type(value)
        below: Iterable[tuple[str, Any]] = ()
        if kind is dict:
            below = value.items()
        elif kind is list and value and type(value[0]) is dict:
            below = _columns(value)
        if below:
            unnamed += _sort_out(below, name, allowed, into)
        elif name == _UNNAMED:
            unnamed += 1
        elif name not in allowed:
            withheld.append(name)
        elif kind is str and len(value) <= MAX_TEXT:
            kept[name] = value
        elif (copied := _plain_or_none(value)) is not None:
            kept[name] = copied[0]
        else:
            withheld.append(name)
    return unnamed


@functools.lru_cache(maxsize=8192)
def _joined(prefix: str, key: str) -> str:
    """Append a key to a dotted name; what is then not written like a fact's name has none.

    A key with a dot in it could pass for another name. The names of a schema come with every event.
    """
    if prefix == _UNNAMED or "." in key:
        return _UNNAMED
    name = f"{prefix}.{key}" if prefix else key
    return name if _FACT_NAME.fullmatch(name) else _UNNAMED


def _columns(value: object) -> list[tuple[str, list[Any]]]:
    """Return the fields of a list of records with their values, none for anything else or too many."""
    if not value or type(value) is not list or type(value[0]) is not dict:
        return []
    if len(value) == 1:
        return (
            [(key, [one]) for key, one in value[0].items()] if len(value[0]) <= _MAX_NAMES else []
        )
    if len(value) > MAX_ITEMS or not all(isinstance(one, dict) for one in value):
        return []
    fields = set().union(*value)
    if len(fields) > _MAX_NAMES:
        return []
    return [(key, [one.get(key) for one in value]) for key in fields]
