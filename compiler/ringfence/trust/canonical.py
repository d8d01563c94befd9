"""One canonical encoding of the facts that an approval is bound to, as in docs/tokens.md.

`rego/lib/bound` computes the same digest from the same facts.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ringfence.errors import RingfenceError
from ringfence.ir.schema import DecisionPoint

__all__ = ["UnencodableFactError", "bound_digest", "bound_names", "bound_text"]

# A name with a space or a line feed in it could stand for other fields.
_FIELD: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?")


class UnencodableFactError(RingfenceError):
    """A fact has a value that no fact of any type may have, so nothing can be bound to it."""


def bound_names(point: DecisionPoint) -> list[tuple[str, list[str]]]:
    """Return the dotted names and paths of a point's bound facts, in ascending order.

    This is the second argument of `ringfence.lib.bound.digest`.
    """
    return sorted((fact.name, list(fact.path)) for fact in point.facts if fact.binds)


def bound_digest(facts: Mapping[str, Any], schema: DecisionPoint) -> str:
    """Return `sha256:` and the hexadecimal digest of the canonical text of the bound facts.

    Raises UnencodableFactError.
    """
    return f"sha256:{_sha256(bound_text(facts, schema))}"


def bound_text(facts: Mapping[str, Any], schema: DecisionPoint) -> str:
    """Return the canonical text: one line a bound fact. Raises UnencodableFactError.

    `facts` are as JSON has them, nested; decimals are `Decimal`. `None` counts as missing.
    """
    return "\n".join(
        f"{name} {_encode(name, _get(facts, path))}" for name, path in bound_names(schema)
    )


def _get(facts: Any, path: Sequence[str]) -> Any:
    for step in path:
        if not isinstance(facts, Mapping) or step not in facts:
            return None
        facts = facts[step]
    return facts


def _encode(name: str, value: Any) -> str:
    if value is None:
        return "m"
    if _is_list(value) and value and all(isinstance(item, Mapping) for item in value):
        return f"r{len(value)}:{','.join(_digest_record(name, record) for record in value)}"
    return _encode_field(name, value)


def _digest_record(name: str, record: Mapping[str, Any]) -> str:
    for field in record:
        if not isinstance(field, str) or not _FIELD.fullmatch(field):
            raise UnencodableFactError(
                f"`{name}` has a record with the unusable field name `{field}`"
            )
    lines = (
        f"{field} {_encode_field(f'{name}[].{field}', record[field])}" for field in sorted(record)
    )
    return _sha256("\n".join(lines))


def _encode_field(name: str, value: Any) -> str:
    if _is_list(value):
        elements = sorted({_encode_scalar(name, element) for element in value})
        return f"l{len(elements)}:{','.join(elements)}"
    return _encode_scalar(name, value)


def _encode_scalar(name: str, value: Any) -> str:
    match value:
        case bool():
            return "b1" if value else "b0"
        case str():
            return f"s{_sha256(value, name=name)}"
        case int() | Decimal():
            return f"n{_encode_number(name, value)}"
        case _:
            raise UnencodableFactError(f"`{name}` has a value of a type that no fact has")


def _encode_number(name: str, value: int | Decimal) -> str:
    """Write a number without exponent, trailing zeros, or a sign before zero."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if not _NUMBER.fullmatch(text):
        raise UnencodableFactError(f"`{name}` is a number of more than 15 digits or 6 decimals")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _sha256(text: str, *, name: str = "") -> str:
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError:
        raise UnencodableFactError(f"`{name}` is not valid Unicode") from None
