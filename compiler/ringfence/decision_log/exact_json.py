"""Read JSON without losing what readers usually lose: long numbers, equal keys, lone surrogates."""

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

__all__ = ["MAX_DEPTH", "ExactNumber", "JsonError", "parse_json", "too_deep"]

MAX_DEPTH: Final = 64
_MAX_NUMBER: Final = 64  # characters of a number that is tried as a float


class JsonError(ValueError):
    """The text is not strict JSON; the message never shows the text."""


class ExactNumber(str):
    """The literal of a number that neither a 64-bit integer nor a double holds exactly."""

    __slots__ = ()


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259), numbers exact; raise JsonError.

    What a 64-bit integer or a double cannot hold is an ExactNumber. Equal keys in one object, lone
    surrogates, NaN and infinities are refused.
    """
    text = text.strip(b" \t\r\n")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _parse_slowly(text)  # orjson refuses 1e400, which is JSON
    try:
        # INVARIANT: equal bytes mean that no number was rounded and no key was overwritten.
        if orjson.dumps(value) == text:
            return value
    except TypeError:
        raise JsonError("nested too deeply") from None
    return _parse_slowly(text)


def too_deep(value: object) -> bool:
    """Tell whether objects and arrays are nested deeper than MAX_DEPTH."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
    return bool(level)


def _parse_slowly(text: bytes) -> Any:
    try:
        value = json.loads(
            text.decode(),
            parse_float=_float,
            parse_int=_int,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
        orjson.dumps(value)  # refuses lone surrogates
    except JsonError:
        raise
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except TypeError:
        raise JsonError("holds a lone surrogate, or is nested too deeply") from None
    except ValueError:
        raise JsonError("not JSON") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonError("an object has two equal keys")
    return found


def _int(text: str) -> int | ExactNumber:
    if len(text) <= 20 and -(1 << 63) <= (number := int(text)) < 1 << 64:
        return number
    return ExactNumber(text)


def _float(text: str) -> float | ExactNumber:
    if len(text) > _MAX_NUMBER:
        return ExactNumber(text)
    number = float(text)
    try:
        if math.isfinite(number) and Decimal(text) == Decimal(repr(number)):
            return number
    except InvalidOperation:
        pass  # an exponent that even Decimal cannot hold
    return ExactNumber(text)


def _refuse_constant(_: str) -> None:
    raise JsonError("NaN and infinities are not JSON")
