"""JSON in which some values stand by their text."""

import json
from dataclasses import dataclass

__all__ = ["Raw", "json_text"]


@dataclass(frozen=True, slots=True)
class Raw:
    """A value by its JSON text, such as `1.0`."""

    text: str


def json_text(value: object) -> str:
    """Write JSON."""
    match value:
        case Raw(text):
            return text
        case dict():
            members = (f"{json.dumps(name)}:{json_text(one)}" for name, one in value.items())
            return f"{{{','.join(members)}}}"
        case list():
            return f"[{','.join(map(json_text, value))}]"
        case _:
            return json.dumps(value, allow_nan=False)
