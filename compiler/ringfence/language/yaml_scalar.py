"""Resolve plain YAML scalars: YAML 1.2 core style, and an error for every YAML 1.1 surprise."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

__all__ = ["Scalar", "Surprise", "resolve"]

Scalar = str | int | bool | Decimal | None


@dataclass(frozen=True, slots=True)
class Surprise:
    """A plain scalar that parsers read differently, and what to write instead."""

    code: str
    message: str
    help: str


_MAX_DIGITS: Final = 40

_CONSTANTS: Final[dict[str, bool | None]] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}
_WORDS: Final = {
    **dict.fromkeys(("y", "yes", "on"), "a boolean"),
    **dict.fromkeys(("n", "no", "off"), "a boolean"),
    **dict.fromkeys(("nan", "inf", "infinity"), "a number that is not finite"),
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
# A plain scalar that starts otherwise is a word, and only the tables above can surprise.
_SUSPECT = re.compile(r"[-+.0-9=<]")
_SURPRISES: Final = tuple(
    (re.compile(pattern, re.ASCII), code, what)
    for pattern, code, what in (
        (r"[-+]?0o?[0-7_]+", "RF014", "an octal number"),
        (r"[-+]?0x[0-9a-fA-F_]+", "RF014", "a hexadecimal number"),
        (r"[-+]?0b[01_]+", "RF014", "a binary number"),
        (r"[-+]?[0-9]+(?:_[0-9_]*)+(?:\.[0-9_]*)?", "RF014", "a number with underscores"),
        (r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", "RF014", "a base 60 number"),
        (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9].*)?", "RF014", "a date"),
        (r"=|<<", "RF014", "a special key"),
        (r"[-+]?\.?(?:nan|NaN|NAN|inf|Inf|INF|infinity|Infinity)", "RF018", "not finite"),
        (r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "RF018", "a number"),
    )
)


def resolve(text: str) -> Scalar | Surprise:
    """Return the value of a plain scalar, or why it must be written differently.

    Follows the core schema of YAML 1.2.2, section 10.3, without its octal, hexadecimal,
    exponent and non-finite forms; a decimal fraction stays exact as a `Decimal`.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _SUSPECT.match(text):
        return _resolve_number(text)
    if len(text) > 8:
        return text
    return _resolve_word(text)


def _resolve_number(text: str) -> Scalar | Surprise:
    number = _NUMBER.fullmatch(text)
    if number is not None:
        if len(text) > _MAX_DIGITS:
            return Surprise(
                "RF018",
                f"number of {len(text)} characters is longer than {_MAX_DIGITS}",
                "quote it if it is text",
            )
        return int(text) if number[1] is None else Decimal(text)
    for pattern, code, what in _SURPRISES:
        if pattern.fullmatch(text):
            return _describe(text, code=code, what=what)
    return text


def _resolve_word(text: str) -> Scalar | Surprise:
    lower = text.lower()
    if lower in _WORDS:
        what = _WORDS[lower]
        if what == "a boolean":
            meant = "true" if lower in ("y", "yes", "on") else "false"
            return Surprise(
                "RF014",
                f"`{text}` is read as a boolean by some YAML parsers and as text by others",
                f'write `{meant}` for the boolean, or quote it: "{text}"',
            )
        return _describe(text, code="RF018", what="not finite")
    if lower in _CONSTANTS:
        return Surprise(
            "RF014",
            f"`{text}` is read as `{lower}` by some YAML parsers and as text by others",
            f'write `{lower}`, or quote it: "{text}"',
        )
    return text


def _describe(text: str, *, code: str, what: str) -> Surprise:
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    if what == "not finite":
        return Surprise(code, f"`{shown}` is not a finite number", f'quote it: "{shown}"')
    if what == "a number":
        return Surprise(
            code,
            f"`{shown}` is not a plain decimal number",
            f'write digits only, such as `5` or `0.85`, or quote it: "{shown}"',
        )
    return Surprise(
        code,
        f"`{shown}` is read as {what} by some YAML parsers and as text by others",
        f'quote it: "{shown}"',
    )
