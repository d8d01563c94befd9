"""The one way in which a value becomes Rego text, and the templates that use it."""

import json
from decimal import Decimal
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ringfence.errors import InternalError
from ringfence.resources import rego_text

__all__ = ["environment", "pattern", "rego"]


def rego(value: object) -> str:
    """Return the Rego literal of a JSON value: Rego's literals are JSON's, keys are sorted.

    Decimals are written without exponent. Raise InternalError for anything that JSON lacks.
    """
    match value:
        case Decimal():
            return format(value, "f")
        case list() | tuple():
            return f"[{', '.join(map(rego, value))}]"
        case dict():
            members = (f"{rego(str(key))}: {rego(value[key])}" for key in sorted(value))
            return f"{{{', '.join(members)}}}"
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            raise InternalError(f"no Rego literal for {type(value).__name__}")


def pattern(text: str) -> str:
    """Return the Rego literal of a regular expression: raw where it can be."""
    raw_can_hold = "`" not in text and text.isprintable()
    return f"`{text}`" if raw_can_hold else rego(text)


@cache
def environment() -> Environment:
    """Return the template environment over `rego/templates/`."""
    env = Environment(
        loader=FunctionLoader(lambda name: rego_text(f"templates/{name}")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Rego, not HTML; every value goes through `rego`
    )
    env.filters["rego"] = rego
    env.filters["in_body"] = lambda statement: statement.replace("\n", "\n\t")
    return env
