"""A tool as its server describes it, and the digest that pins it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from ringfence.errors import UsageError

__all__ = [
    "MEMBERS",
    "TOOL_NAME",
    "ToolDefinition",
    "parse_json",
    "read_answer",
    "read_definition",
    "read_tools",
]

# What is pinned of an entry of `tools/list` (MCP 2025-11-25, Tools).
MEMBERS: Final = ("name", "description", "inputSchema", "annotations")
TOOL_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}"
_MAX_BYTES: Final = 8 * 1024 * 1024
_HELP: Final = "give the answer to `tools/list` as JSON"


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """What a server says of a tool: the pinned members that it sends, as JSON values.

    A member that is absent or null is not among `members`.
    """

    name: str
    members: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Return `sha256:` and the digest of the pinned members' RFC 8785 bytes."""
        return "sha256:" + hashlib.sha256(rfc8785.dumps(dict(self.members))).hexdigest()

    @property
    def read_only(self) -> bool | None:
        """Return the server's own hint that the tool changes nothing, None where it gives none."""
        annotations = self.members.get("annotations", {})
        hint = annotations.get("readOnlyHint") if isinstance(annotations, dict) else None
        return hint if isinstance(hint, bool) else None


def read_definition(value: object) -> ToolDefinition:
    """Return the definition that a JSON object is; raise ValueError where it is none."""
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise ValueError("a tool without a name")
    name: str = value["name"]
    if not re.fullmatch(TOOL_NAME, name):
        raise ValueError(f"`{name[:128]}` is no name that a policy can list")
    members = {key: value[key] for key in MEMBERS if value.get(key) is not None}
    try:
        rfc8785.dumps(members)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError, ValueError):
        raise ValueError(f"tool `{name}` has a value without canonical JSON") from None
    return ToolDefinition(name, members)


def read_answer(raw: bytes) -> tuple[ToolDefinition, ...]:
    """Read an answer to `tools/list`, sorted by name.

    It is the list of tools, the result that holds it, or the whole JSON-RPC response.
    Raise UsageError for anything else, for a page of several, and for a name that stands twice.
    """
    if len(raw) > _MAX_BYTES:
        raise UsageError(f"the answer is larger than {_MAX_BYTES} bytes", help=_HELP)
    try:
        return read_tools(_tools(parse_json(raw)))
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            reason = "it is not JSON"
        raise UsageError(f"no answer to `tools/list`: {reason}", help=_HELP) from None


def parse_json(text: str | bytes) -> Any:
    """Read JSON; raise ValueError where it is none, or a member stands twice."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _tools(value: Any) -> list[Any]:
    if isinstance(value, dict) and isinstance(value.get("result"), dict):
        value = value["result"]
    if isinstance(value, dict):
        if value.get("nextCursor") is not None:
            raise ValueError("it is one page of several")
        value = value.get("tools")
    if not isinstance(value, list):
        raise ValueError("it holds no list of tools")
    return value


def read_tools(values: list[Any]) -> tuple[ToolDefinition, ...]:
    """Read the entries of an answer, sorted by name; raise ValueError for what is no tool, or twice."""
    found: dict[str, ToolDefinition] = {}
    for value in values:
        definition = read_definition(value)
        if definition.name in found:
            raise ValueError(f"tool `{definition.name}` stands twice")
        found[definition.name] = definition
    return tuple(found[name] for name in sorted(found))
