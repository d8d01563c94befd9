"""Read the literals of a condition: strings with escapes, numbers, durations, times."""

import re
from decimal import Decimal

from ringfence.ir.schema import MAX_STRING
from ringfence.language.cel.finding import Finding, Refused
from ringfence.language.cel.tokens import Token, TokenKind

__all__ = ["decimal", "literal_value", "string_value"]

_PREFIX = re.compile(r"[rR]?")
# CEL, section "String and Bytes Values".
_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\?\"'`])|[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<o>[0-3][0-7]{2})|(?P<bad>.))"
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_DECIMAL = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]+))?")


def literal_value(token: Token) -> bool | int | Decimal | str:
    """Return the value of a literal token; raise Refused where it lies outside the domain."""
    match token.kind:
        case TokenKind.BOOLEAN:
            return token.text == "true"
        case TokenKind.STRING:
            return string_value(token)
        case TokenKind.INTEGER:
            return _integer(token)
        case _:
            return decimal(token)


def _integer(token: Token) -> int:
    if len(token.text) > 15:
        raise _refuse(
            "RF204",
            token.start,
            token.end,
            f"`{token.text}` has more than 15 digits",
            "write a smaller number",
        )
    return int(token.text)


def decimal(token: Token) -> Decimal:
    """Return a decimal without trailing zeros; at most 15 digits before the point, 6 after."""
    match = _DECIMAL.fullmatch(token.text)
    whole, part = (match["whole"], match["part"] or "") if match else ("", "")
    if len(whole.lstrip("0")) > 15 or len(part) > 6:
        raise _refuse(
            "RF204",
            token.start,
            token.end,
            f"`{token.text}` has more than 15 digits before the point or 6 after it",
            "round it",
        )
    kept = part.rstrip("0")
    return Decimal(f"{whole or '0'}.{kept}" if kept else whole or "0")


def string_value(token: Token) -> str:
    """Return the text of a string literal, escapes resolved."""
    prefix = _PREFIX.match(token.text)
    opened = prefix.end() if prefix else 0
    body, start = token.text[opened + 1 : -1], token.start + opened + 1
    text = body if opened else _unescape(body, start)
    if len(text) > MAX_STRING:
        raise _refuse(
            "RF203",
            token.start,
            token.end,
            f"string has {len(text)} characters, more than {MAX_STRING}",
            "no fact is that long",
        )
    if found := _INVISIBLE.search(text):
        raise _refuse(
            "RF203",
            token.start,
            token.end,
            f"string holds the control character U+{ord(found.group()):04X}",
            "remove it; no fact may hold it",
        )
    return text


def _unescape(body: str, start: int) -> str:
    def resolve(match: re.Match[str]) -> str:
        if match["plain"]:
            return _PLAIN.get(match["plain"], match["plain"])
        digits = match["x"] or match["u"] or match["U"]
        code = int(digits, 16) if digits else int(match["o"], 8) if match["o"] else None
        if code is None or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise _refuse(
                "RF203",
                start + match.start(),
                start + match.end(),
                f"`{match.group()}` is no escape",
                'write `\\\\` for a backslash, or a raw string: `r"…"`',
            )
        return chr(code)

    return _ESCAPE.sub(resolve, body) if "\\" in body else body


def _refuse(code: str, start: int, end: int, message: str, hint: str) -> Refused:
    return Refused(Finding(code, start, end, message, hint))
