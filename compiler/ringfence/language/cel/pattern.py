"""Check the regular expressions of `matches`: RE2's syntax, and bounded work at decision time."""

import re
from functools import lru_cache

__all__ = ["MAX_PATTERN", "MAX_PROGRAM", "MAX_REPEAT", "check_pattern"]

MAX_PATTERN = 256
MAX_REPEAT = 100
MAX_PROGRAM = 2000

_PIECE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{(?P<least>[0-9]*)(?P<comma>,?)"
    r"(?P<most>[0-9]*)\}|.",
    re.DOTALL,
)


@lru_cache(maxsize=4096)
def check_pattern(pattern: str) -> tuple[str, str, str] | None:
    """Return the code, message and help for a pattern that is refused, or None.

    The syntax is RE2's (google-re2, and Go's `regexp/syntax`, which OPA uses); `\\C` is RE2's only.
    """
    if not pattern:
        return "RF216", "an empty pattern matches everything", "write the pattern"
    if len(pattern) > MAX_PATTERN:
        return (
            "RF217",
            f"pattern has {len(pattern)} characters, more than {MAX_PATTERN}",
            'name the values in a list: `x in ["…"]`',
        )
    for piece in _PIECE.finditer(pattern):
        problem = _piece_problem(piece)
        if problem is not None:
            return problem
    return _compiled_problem(pattern)


def _piece_problem(piece: re.Match[str]) -> tuple[str, str, str] | None:
    text = piece.group()
    if text == r"\C":
        return "RF216", r"`\C` matches half a character", "write `.`"
    if re.match(r"\\[1-9]", text):
        return (
            "RF216",
            f"`{text}` refers back to a group, which RE2 can't do",
            "write the alternatives out: `^(a.*a|b.*b)$`",
        )
    if piece["comma"] is None or text == "{}":
        return None
    if not piece["least"] and piece["comma"]:
        return "RF216", f"`{text}` is read as plain text", f"write `{{0{text[1:]}"
    counts = [int(count) for count in (piece["least"], piece["most"]) if count]
    if max(counts, default=0) > MAX_REPEAT:
        return (
            "RF217",
            f"`{text}` repeats more than {MAX_REPEAT} times",
            "write `*` or `+`, and test the length: `size(x) <= …`",
        )
    return None


def _compiled_problem(pattern: str) -> tuple[str, str, str] | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        return "RF216", f"pattern is not RE2: {_reason(error)}", _syntax_help(pattern)
    if compiled.programsize > MAX_PROGRAM:
        return (
            "RF217",
            f"pattern needs {compiled.programsize} steps a character, more than {MAX_PROGRAM}",
            "write fewer repetitions, and narrower classes than `\\pL` or `.`",
        )
    return None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return " ".join(text.split())


def _syntax_help(pattern: str) -> str:
    if re.search(r"\(\?<?[=!]", pattern):
        return "RE2 has no lookaround: write a second condition, joined by `&&`"
    return 'see the syntax of RE2; a raw string, `r"…"`, keeps backslashes'
