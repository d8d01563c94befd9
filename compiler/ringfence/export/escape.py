"""Show values of records, which callers chose, in Markdown without letting them mean anything there."""

import re
from typing import Final

from ringfence.report.escape import escape_line

__all__ = ["markdown_code"]

_RUN: Final = re.compile("`+")


def markdown_code(value: object) -> str:
    """Return the value as a code span on one line (CommonMark 0.31, section 6.1).

    The span's backticks are more than any run within, so nothing ends it early, and nothing inside of
    a span is a link, HTML or emphasis.
    """
    text = escape_line(value if isinstance(value, str) else "" if value is None else str(value))
    if not text.strip():
        return "`(none)`"
    fence = "`" * (max(map(len, _RUN.findall(text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"
