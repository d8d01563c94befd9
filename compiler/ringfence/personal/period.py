"""Periods: the months by which keys are made and destroyed."""

import re
from datetime import UTC, datetime
from typing import Final

from ringfence.errors import UsageError
from ringfence.personal.key_ring import ERASURES

__all__ = ["PERIOD_PATTERN", "UNDATED", "period_of", "require_period"]

UNDATED: Final = "undated"

PERIOD_PATTERN: Final = rf"^[0-9]{{4}}-(?:0[1-9]|1[0-2])$|^{UNDATED}$|^{ERASURES}$"

_END: Final = 253_402_300_800
"""The first second after the year 9999."""

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-")


def require_period(text: str | None) -> str | None:
    """Return a period as it was told; raise UsageError for what is none."""
    if text is not None and not re.fullmatch(PERIOD_PATTERN, text):
        hint = f"write a month as in `2026-11`, `{UNDATED}` or `{ERASURES}`"
        raise UsageError(f"`{text}` is no period", help=hint)
    return text


def period_of(time: object) -> str:
    """Return the month of an RFC 3339 time or of epoch seconds; `undated` for anything else."""
    if type(time) is int and 0 <= time < _END:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m}"
    return time[:7] if isinstance(time, str) and _MONTH.match(time) else UNDATED
