"""Make untrusted text safe to show on a terminal or in one line of output."""

import re
from typing import Final

__all__ = ["INVISIBLE", "escape_line", "escape_text"]

# C0 and C1 controls, bidirectional and other invisible formatting, odd line breaks, surrogates.
INVISIBLE: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_TEXT = re.compile(f"[{INVISIBLE}]")
_LINE = re.compile(f"[{INVISIBLE}\t\n]")


def escape_text(text: str) -> str:
    """Return the text with every control and invisible character written as `\\u....`.

    Tabs and line feeds stay.
    """
    return _TEXT.sub(_written, text)


def escape_line(text: str) -> str:
    """Return the text on one line, with tabs and line feeds written as escapes too."""
    return _LINE.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in (0x09, 0x0A, 0x0D):
        return {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}[code]
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
