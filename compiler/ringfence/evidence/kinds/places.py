"""Places of what is wrong in a record, and never its values."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

__all__ = ["places_of", "seen_at_once"]

_MOST: Final = 20
_UNKNOWN: Final = "has a member that this kind has not"
_MEMBER = re.compile(r"(?!(?:str|int)\Z)[a-z_][a-z0-9_]{0,63}")
"""What is no member is the name of one of several types that a member may have."""


def seen_at_once(form: type[BaseModel], body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a look tells: members that are missing or unknown, and lists that are too long.

    It is said as `places_of` says it. Pydantic finds the same, and keeps a copy of all that stands beside
    each missing member, and an error of each entry.
    """
    fields = {one.alias or name: one for name, one in form.model_fields.items()}
    said = {
        f"{name}: missing" for name in fields.keys() - body.keys() if fields[name].is_required()
    }
    said |= {f"body: {_UNKNOWN}" for _ in body.keys() - fields.keys()}
    said |= {
        f"{name}: too long"
        for name, one in fields.items()
        if isinstance(value := body.get(name), list) and len(value) > _most(one)
    }
    return tuple(sorted(said)[:_MOST])


def _most(field: FieldInfo) -> float:
    """Return how many entries a list may have."""
    found = (getattr(rule, "max_length", None) for rule in field.metadata)
    return min((one for one in found if isinstance(one, int)), default=math.inf)


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
            return _UNKNOWN
        case "too_long" | "string_too_long":
            return "too long"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return "not of the right form"
