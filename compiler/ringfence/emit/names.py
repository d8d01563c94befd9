"""Rego identifiers for facts, rules and derived values."""

import re
from collections.abc import Iterable, Mapping

from ringfence.errors import InternalError

__all__ = ["given_local", "local_names", "reference", "rule_local"]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEYWORDS = frozenset(
    [
        "as",
        "contains",
        "default",
        "else",
        "every",
        "false",
        "if",
        "import",
        "in",
        "not",
        "null",
        "package",
        "some",
        "true",
        "with",
    ]
)
# Rego's root documents, and the names that emitted bodies use themselves.
_RESERVED = _KEYWORDS | {
    *("clause", "data", "f", "found", "input", "item", "item_joined"),
    *("joined", "now", "place", "row", "rows", "satisfied", "set", "t", "text"),
}
# How fields of items, lists as they were sent, clauses and functions of Rego begin.
_BEGINNINGS = ("item_", "given_", "violates_", "is_")


def local_names(dotted: Iterable[str]) -> Mapping[str, str]:
    """Map dotted names to distinct local variables: `runner.class` to `runner_class`."""
    names: dict[str, str] = {}
    for name in dotted:
        local = re.sub(r"[^A-Za-z0-9_]", "_", name)
        if local in _RESERVED or local.startswith(_BEGINNINGS):
            local = f"fact_{local}"
        while local in names.values():
            local += "_"
        if not _IDENTIFIER.match(local):
            raise InternalError(f"no Rego identifier for {name!r}")
        names[name] = local
    return names


def given_local(local: str) -> str:
    """Name the variable of a list as it was sent, beside that of what its items were asked."""
    return f"given_{local}"


def rule_local(rule_id: str, clause: int) -> str:
    """Name the variable that is true where a clause of a rule is violated."""
    number = f"_{clause}" if clause > 1 else ""
    return "violates_" + re.sub(r"[^A-Za-z0-9_]", "_", rule_id) + number


def reference(root: str, path: Iterable[str]) -> str:
    """Write a reference below `root`: `f.runner.class`, bracketed where it must be."""
    text = root
    for part in path:
        plain = _IDENTIFIER.match(part) and part not in _KEYWORDS
        text += f".{part}" if plain else f'["{_checked(part)}"]'
    return text


def _checked(part: str) -> str:
    if not re.match(r"[A-Za-z0-9_.@/-]+\Z", part):
        raise InternalError(f"no Rego reference for {part!r}")
    return part
