"""So many a minute of each principal: whoever floods the log with its own mistakes fills no disk by it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["MinuteLimit"]

_MAX_PRINCIPALS: Final = 10_000


@dataclass(slots=True, kw_only=True)
class MinuteLimit:
    """At most so many records a minute from one principal; others are counted only.

    The next record says how many went unrecorded before. The count is in memory.
    """

    per_minute: int = 60
    _windows: dict[str, tuple[int, int]] = field(default_factory=dict)
    _unrecorded: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def allows(
        self, principal: str, *, now: float, parts: Iterable[str | None] = (None,), cost: int = 1
    ) -> bool:
        """Count one, and tell whether it is recorded; `now` is in seconds.

        `parts` are the tenants for which an unrecorded one is missed. `cost` is how many records it makes:
        one that costs more than there is for a minute is still allowed as the minute's first.
        """
        minute = int(now // 60)
        window, used = self._windows.get(principal, (minute, 0))
        used = used if window == minute else 0
        if len(self._windows) >= _MAX_PRINCIPALS:
            self._windows.clear()
        if self.per_minute < 1 or (used and used + cost > self.per_minute):
            self._unrecorded.update((principal, part) for part in parts)
            return False
        self._windows[principal] = (minute, used + cost)
        return True

    def unrecorded(self, principal: str, *, part: str | None = None) -> int:
        """Return, and forget, how many went unrecorded."""
        return self._unrecorded.pop((principal, part), 0)
