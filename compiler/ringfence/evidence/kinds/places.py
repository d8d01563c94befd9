"""Places of what is wrong in a record, and never its values."""

import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

__all__ = ["places_of"]

_MOST: Final = 20
_MEMBER = re.compile(r"(?!(?:str|int)\Z)[a-z_][a-z0-9_]{0,63}")
"""What is no member is the name of one of several types that a member may have."""


def places_of(error: ValidationError) -> tuple[str, ...]:
    """Return each place with what is wrong there, sorted, at most 20.

    A member that no form has is told at its parent: its name is the sender's.
    """
    found = error.errors(include_input=False, include_url=False)
    said = {f"{_place(one['loc'], one['type'])}: {_said(one)}" for one in found}
    return tuple(sorted(said)[:_MOST])


def _place(steps: Sequence[int | str], problem: str) -> str:
    text = ""
    for step in steps[:-1] if problem == "extra_forbidden" else steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _MEMBER.fullmatch(step):
            text += f".{step}" if text else step
    return text or "body"


def _said(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            return "has a member that this kind has not"
        case "too_long" | "string_too_long":
            return "too long"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return "not of the right form"
