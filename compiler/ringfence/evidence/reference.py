"""What stands in a record in place of a text or a name that is kept apart.

Nothing that is copied from a log has one of these forms: an object is never copied as a whole.
"""

import re
from typing import Any, Final

__all__ = [
    "ERASED",
    "WITHHELD",
    "is_person",
    "is_reference",
    "is_text",
    "person_reference",
    "referred",
    "spoken",
    "text_reference",
]

_PERSON: Final = "person"
_TEXT: Final = "text"
_SIZE: Final = "size"
_SHOWN: Final = 16
_MOST: Final = (1 << 53) - 1
_HEX: Final = re.compile(r"[0-9a-f]{64}")
ERASED: Final = {"erased": True}
"""What came after its key had been destroyed."""

WITHHELD: Final = {"withheld": True}
"""What has no tenant under whose keys it could be kept."""


def person_reference(pseudonym: str) -> dict[str, Any]:
    """Return what stands for a person: a pseudonym of 64 hexadecimal digits."""
    return {_PERSON: pseudonym}


def text_reference(committed: str, *, size: int) -> dict[str, Any]:
    """Return what stands for a text: its commitment, and its size in bytes of UTF-8."""
    return {_SIZE: size, _TEXT: committed}


def referred(value: object) -> str | None:
    """Return the commitment of a reference; None for anything else."""
    if isinstance(value, dict):
        found = value.get(_PERSON) if set(value) == {_PERSON} else value.get(_TEXT)
        if isinstance(found, str) and set(value) in ({_PERSON}, {_SIZE, _TEXT}):
            return found
    return None


def is_text(value: object) -> bool:
    """Tell whether something is a reference to a text, in its exact form."""
    if not isinstance(value, dict) or set(value) != {_SIZE, _TEXT}:
        return False
    size, text = value[_SIZE], value[_TEXT]
    return type(size) is int and 0 <= size <= _MOST and bool(_HEX.fullmatch(str(text)))


def is_person(value: object) -> bool:
    """Tell whether a reference stands for a person."""
    return isinstance(value, dict) and _PERSON in value


def is_reference(value: object) -> bool:
    """Tell whether something stands in place of a text or a name."""
    return value == ERASED or referred(value) is not None


def spoken(value: object) -> str:
    """Say in a few words what a reference stands for, and nothing for any other value."""
    found = referred(value)
    if value == ERASED:
        return "erased"
    if found is None:
        return ""
    if is_person(value):
        return f"person {found[:_SHOWN]}"
    size = value.get(_SIZE) if isinstance(value, dict) else None
    return f"a text of {size} bytes, kept apart" if type(size) is int else "a text, kept apart"
