"""Traps that parse as YAML but not as the author meant: text cut at `#`, CEL on one line."""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.language.yaml_block import Style

__all__ = ["WATCHED", "Trap", "find_trap"]


@dataclass(frozen=True, slots=True)
class Trap:
    """What went wrong and what to write; `at` is the offset to show, 0 for the value's start."""

    code: str
    message: str
    help: str
    at: int = 0


_CONDITIONS: Final = frozenset({"where", "require"})
_TEXTS: Final = frozenset({"message", "fix"})
_PROSE: Final = frozenset(
    {
        "business_justification",
        "description",
        "notice",
        "rationale",
        "risk_analysis",
    }
)
WATCHED: Final = _CONDITIONS | _TEXTS | _PROSE
_COMMENT = re.compile(r"[ \t]+#")
# `see runbook #42`: one space before, none after. `value  # note` is a comment that is meant.
_REFERENCE = re.compile(r" #[^\s#]")
_PLAIN: Final = int(Style.PLAIN)


def find_trap(key: str | None, *, style: int, text: str, source: str, end: int) -> Trap | None:
    """Return the trap that a value of this key fell into, or None.

    `end` is the offset in `source` after the value.
    """
    if key not in WATCHED or style != _PLAIN:
        return None
    comment = _COMMENT.match(source, end)
    if key in _CONDITIONS:
        return _find_condition_trap(key, text=text, comment=comment)
    if comment is None or (key in _PROSE and not _REFERENCE.match(source, end)):
        return None
    return Trap(
        "RF019",
        f"`{key}` is cut at `#`: in plain text it starts a comment",
        "put the text into double quotes",
        comment.end() - 1,
    )


def _find_condition_trap(key: str, *, text: str, comment: re.Match[str] | None) -> Trap | None:
    help_text = f"put the condition into a block: `{key}: |`, then CEL on the next line"
    if comment is not None:
        message = f"the condition of `{key}` is cut at `#`: in plain text it starts a comment"
        return Trap("RF019", message, help_text, comment.end() - 1)
    if "{" in text:
        return Trap("RF020", f"the condition of `{key}` holds `{{`, a YAML special", help_text)
    return None
