"""Turn a YAML syntax error into one diagnostic that names the trap behind it."""

import re
from typing import Final, Protocol

from ringfence.errors import Diagnostic, Span

__all__ = ["Mark", "describe_syntax_error"]

HELP_CONDITION: Final = (
    "put the condition into a `|` block: `require: |`, then CEL on the next line"
)
HELP_TEXT: Final = "put the text into double quotes"

_ENTRY = re.compile(r"\s*(?:- +)*[\"']?([\w.\-/]+)[\"']?\s*:(?:\s+(.*))?$")
_CONDITION_KEYS: Final = frozenset({"where", "require"})
_CEL = re.compile(
    r"""!\s*has\(|^!|^["'].*["']\s+(?:in|==|!=|\+)\s|\s\?\s.*:\s|\s(?:&&|\|\|)\s|^\[.*\]\s*\S"""
)
_TEXT = re.compile(r"^[%@`]|^[^\"'\[{].*: ")
# Where the mistake began, not where the parser noticed it.
_STARTS: Final = ("quoted scalar", "flow sequence", "flow mapping", "simple key", "anchor", "alias")


class Mark(Protocol):
    """A parser's position: line and column from 0, index in characters."""

    line: int
    column: int
    index: int


def describe_syntax_error(
    file: str,
    *,
    text: str,
    problem: str | None,
    context: str | None,
    problem_mark: Mark | None,
    context_mark: Mark | None,
) -> Diagnostic:
    """Return the diagnostic of a parser's error, at the line where it begins."""
    mark = problem_mark
    if context_mark is not None and _began_earlier(context, problem_mark, context_mark):
        mark = context_mark
    lines = text.rstrip().split("\n")
    line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
    if line > len(lines):
        # The parser noticed at the end of the file: show the end of its last line.
        line, column = len(lines), max(1, len(lines[-1]))
    shown = lines[line - 1].rstrip("\r")
    span = Span(file, line, column, line, column + 1)
    message = "invalid YAML: " + _wording(problem, context)
    if "tab" in message or shown[:column].strip(" -") == "\t":
        return Diagnostic(
            "RF006", span, "tab in indentation", "indent with spaces; YAML does not allow tabs"
        )
    help_text = _name_trap(shown) or (_name_trap(lines[line - 2].rstrip("\r")) if line > 1 else "")
    return Diagnostic("RF005", span, message, help_text or _advise(message))


def _began_earlier(context: str | None, problem_mark: Mark | None, context_mark: Mark) -> bool:
    if problem_mark is None:
        return True
    began = context is not None and any(word in context for word in _STARTS)
    return began and context_mark.line < problem_mark.line


def _wording(problem: str | None, context: str | None) -> str:
    words = [word for word in (problem, context) if word]
    return " ".join(words) if words else "it cannot be parsed"


def _name_trap(line: str) -> str:
    """Return the help for a line that holds CEL or a message written plain, or nothing."""
    entry = _ENTRY.match(line)
    if entry is None:
        return ""
    key, value = entry[1], (entry[2] or "").strip()
    if not value or value[0] in "|>":
        return ""
    for applies, trap in (
        (key in _CONDITION_KEYS, f"YAML misreads CEL on one line; {HELP_CONDITION}"),
        (
            value.startswith(("{facts.", "{params.")),
            f"a text that starts with `{{` is read as a mapping; {HELP_TEXT}",
        ),
        (
            _CEL.search(value) is not None,
            f"this looks like CEL, which YAML misreads on one line; {HELP_CONDITION}",
        ),
        (
            _TEXT.search(value) is not None,
            f"plain text cannot hold `: ` or start with a special character; {HELP_TEXT}",
        ),
    ):
        if applies:
            return trap
    return ""


def _advise(message: str) -> str:
    if "quoted scalar" in message:
        return "close the quote that starts here"
    if "flow sequence" in message:
        return "close the list that starts here with `]`"
    if "flow mapping" in message:
        return "close the mapping that starts here with `}`"
    if "simple key" in message:
        return "write `key: value`; a text over several lines needs a `|` block"
    return "check the indentation of this line and the line before, and quote special characters"
