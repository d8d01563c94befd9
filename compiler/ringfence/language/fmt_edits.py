"""Edits of a policy's text by its positions: order of keys, conditions in blocks, quotes."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from ringfence.language.source import BlockText, Document, Path, Style

__all__ = ["order_keys", "rewrite_scalars"]

_CONDITIONS: Final = frozenset({"where", "require"})
_TEXTS: Final = frozenset({"message", "fix"})
_ONE_LINE: Final = frozenset({Style.PLAIN, Style.SINGLE, Style.DOUBLE})
_COMMENTS = re.compile(r"(?:\n *(?:#[^\n]*)?(?=\n))*")
_INDENT = re.compile(r"\n( *)(?=#)")
_REST = re.compile(r"[ \t]*(#[^\n]*)?")


def order_keys(document: Document, *, path: Path, order: tuple[str, ...]) -> str:
    """Return the text with the keys of one block mapping in order, others after them.

    A key moves with its value and the comments right above it, but what stands above a file's
    first key is the file's own and stays at the top.
    """
    data = _at(document.data, path)
    keys = list(data) if isinstance(data, dict) else []
    wanted = sorted(keys, key=lambda key: order.index(key) if key in order else len(order))
    if wanted == keys:
        return document.text
    lines = document.text.split("\n")
    rows = [document.spans.key((*path, key)) for key in keys]
    indent = " " * (rows[0].column - 1)
    if any(lines[row.line - 1][: row.column - 1] != indent for row in rows):
        return document.text  # a flow mapping, or `? key`
    if len({row.line for row in rows}) != len(rows):
        return document.text
    first = rows[0].line - 1
    starts = [_first_comment(lines, first, floor=0, indent=indent) if path else first]
    for key, row in zip(keys, rows[1:], strict=False):
        last = document.spans.value((*path, key)).end_line
        starts.append(_first_comment(lines, row.line - 1, floor=last, indent=indent))
    end = document.spans.value((*path, keys[-1])).end_line
    stops = [*starts[1:], _last_comment(lines, end, indent=indent)]
    chunks = {key: lines[a:b] for key, a, b in zip(keys, starts, stops, strict=True)}
    moved = [line for key in wanted for line in chunks[key]]
    return "\n".join([*lines[: starts[0]], *moved, *lines[stops[-1] :]])


def rewrite_scalars(document: Document) -> str:
    """Return the text with conditions in `|` blocks, texts in quotes, null as `null`.

    Texts are messages and fixes. An empty value looks like one that was forgotten.
    """
    text = document.text
    edits: list[tuple[int, int, str]] = []
    for path, in_flow in _scalars(document, (), document.data, in_flow=False):
        block = document.spans.block(path)
        if block is None:
            edits.extend(_as_null(document, path))
            continue
        if path[-1] in _CONDITIONS and not in_flow:
            edits.extend(_as_block(block, document.spans.key(path).column + 1, text))
        elif path[-1] in _TEXTS and block.style in (Style.PLAIN, Style.SINGLE):
            edits.append((block.start, block.end, json.dumps(block.text, ensure_ascii=False)))
    for start, end, written in reversed(edits):
        text = text[:start] + written + text[end:]
    return text


def _as_block(block: BlockText, indent: int, text: str) -> Iterator[tuple[int, int, str]]:
    lines = block.text.removesuffix("\n").split("\n")
    # White space at an edge would need an indentation indicator, or be lost to a reader.
    plain = all(line == line.strip() and line for line in lines)
    if block.style not in _ONE_LINE or not plain:
        return
    rest = _REST.match(text, block.end)
    comment = "" if rest is None or rest[1] is None else f"  {rest[1].rstrip()}"
    end = block.end if rest is None else rest.end()
    header = "|" if block.text.endswith("\n") else "|-"
    body = "".join(f"\n{' ' * indent}{line}" for line in lines)
    follows = _COMMENTS.match(text, end)
    below = "" if follows is None else follows.group()
    # A deeper comment below the value would become a part of the block.
    moved = _INDENT.sub(lambda m: "\n" + m[1][: indent - 2], below)
    yield block.start, end + len(below), f"{header}{comment}{body}{moved}"


def _as_null(document: Document, path: Path) -> Iterator[tuple[int, int, str]]:
    start, end = document.spans.offsets(path)
    written = document.text[start:end]
    if written in ("", "~"):
        yield start, end, "null" if written else " null"


def _scalars(
    document: Document, path: Path, value: Any, *, in_flow: bool
) -> Iterator[tuple[Path, bool]]:
    """Yield the paths of all strings and nulls, and whether they stand in a flow collection."""
    if value is None or isinstance(value, str):
        yield path, in_flow
    if not isinstance(value, (dict, list)):
        return
    flow = in_flow or document.text[document.spans.offsets(path)[0]] in "{["
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for step, child in items:
        yield from _scalars(document, (*path, step), child, in_flow=flow)


def _first_comment(lines: list[str], at: int, *, floor: int, indent: str) -> int:
    """Return the first of the comment lines right above a line, down to the floor."""
    while at > floor and lines[at - 1].startswith(f"{indent}#"):
        at -= 1
    return at


def _last_comment(lines: list[str], at: int, *, indent: str) -> int:
    """Return the line after the deeper comments that follow a value."""
    end = at
    while at < len(lines) and (not lines[at].strip() or _is_deeper(lines[at], indent)):
        at += 1
        end = at if lines[at - 1].strip() else end
    return end


def _is_deeper(line: str, indent: str) -> bool:
    text = line.lstrip(" ")
    return text.startswith("#") and len(line) - len(text) > len(indent)


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data
