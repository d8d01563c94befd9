"""OPA's hash of a bundle's file: JSON by its meaning, everything else by its bytes.

Source: `v1/bundle/hash.go` and `verify.go` of OPA 1.22.0.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson

from ringfence.bundle.error import BundleError

__all__ = ["SIGNATURES", "file_hash", "is_structured"]

SIGNATURES = ".signatures.json"

# Go's encoder escapes these two line separators; orjson does not.
_SEPARATORS = (b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_STRUCTURED = frozenset({"data.json", ".manifest"})
_YAML = frozenset({"data.yaml", "data.yml"})


def is_structured(path: str) -> bool:
    """Tell whether OPA hashes this file as JSON: by its name alone."""
    return path.rsplit("/", 1)[-1] in _STRUCTURED


def file_hash(path: str, content: bytes) -> str:
    """Return the SHA-256, in hex, under which OPA knows a file.

    JSON is hashed compact, with sorted keys, as Go's encoder writes it without HTML escapes, and
    each number as it stands in the source. Raises BundleError for JSON that is none, for a byte
    order mark or half of a surrogate pair in it, and for YAML data, which OPA would convert first.
    """
    if path.rsplit("/", 1)[-1] in _YAML:
        raise BundleError("RF704", f"`{path}` is YAML data")
    if not is_structured(path) or _is_canonical(content):
        return hashlib.sha256(content).hexdigest()
    state = hashlib.sha256()
    try:
        value = json.loads(
            content.decode(), parse_int=_Number, parse_float=_Number, parse_constant=_refuse
        )
        for part in _canonical(value):
            state.update(part.encode())
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BundleError("RF704", f"`{path}` is not JSON: {reason}") from None
    return state.hexdigest()


def _is_canonical(content: bytes) -> bool:
    """Tell whether the bytes are already what OPA hashes; this is four times as fast as writing them.

    What survives reading and writing unchanged has sorted keys, no spaces, the shortest escapes,
    and each number as it stands.
    """
    if any(separator in content for separator in _SEPARATORS):
        return False
    try:
        return orjson.dumps(orjson.loads(content), option=orjson.OPT_SORT_KEYS) == content
    except (ValueError, TypeError):  # not JSON, or nested more deeply than orjson writes
        return False


class _Number(str):
    """A JSON number as it stands in the source; Go's `json.Number`."""

    __slots__ = ()


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _canonical(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for at, key in enumerate(sorted(value, key=_utf8)):
            yield f"{',' if at else ''}{_quote(key)}:"
            yield from _canonical(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for at, item in enumerate(value):
            yield "," if at else ""
            yield from _canonical(item)
        yield "]"
    elif isinstance(value, _Number):
        yield value
    elif isinstance(value, str):
        yield _quote(value)
    else:
        yield {True: "true", False: "false", None: "null"}[value]


def _utf8(text: str) -> bytes:
    """Encode; raises ValueError for half of a surrogate pair, of which Go makes U+FFFD."""
    return text.encode()


def _quote(text: str) -> str:
    quoted = orjson.dumps(_utf8(text).decode()).decode()
    return quoted.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
