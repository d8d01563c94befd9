"""Take values out of a tool's answer, as the `redact` of a decision says."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import mcp_types as types

__all__ = ["REDACTED", "redacted"]

REDACTED: Final = "[redacted]"


def redacted(result: types.CallToolResult, pointers: Sequence[str]) -> types.CallToolResult:
    """Return an answer without the values that JSON pointers (RFC 6901) name.

    They point into its structured content, or where it has none into the JSON object that its only
    text is. Nothing else of the answer is passed on, since a text may repeat any value; an answer
    that has no such object is replaced whole, and so is a value into which a pointer cannot lead.
    """
    document = _document(result)
    if document is None:
        return _answer(result, text=REDACTED, document=None)
    for pointer in pointers:
        document = _without(document, _steps(pointer))
        if not isinstance(document, dict):  # the whole of it was named
            return _answer(result, text=REDACTED, document=None)
    return _answer(result, text=json.dumps(document, ensure_ascii=False), document=document)


def _document(result: types.CallToolResult) -> dict[str, Any] | None:
    structured = result.structured_content
    if structured is not None:
        return dict(structured) if isinstance(structured, dict) else None
    match result.content:
        case [types.TextContent(text=text)]:
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                return None
            return dict(value) if isinstance(value, dict) else None
    return None


def _answer(
    result: types.CallToolResult, *, text: str, document: dict[str, Any] | None
) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=document,
        is_error=result.is_error,
    )


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _without(value: Any, steps: Sequence[str]) -> Any:
    if not steps:
        return REDACTED
    first, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        return {**value, first: _without(value[first], rest)} if first in value else value
    if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", first):
        place = int(first)
        changed = [_without(one, rest) for one in value[place : place + 1]]
        return [*value[:place], *changed, *value[place + 1 :]]
    return value if value is None else REDACTED
