"""So many a minute of each principal: whoever floods the log with its own mistakes fills no disk by it."""

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
    _unrecorded: dict[str, int] = field(default_factory=dict)

    def allows(self, principal: str, *, now: float) -> bool:
        """Count one, and tell whether it is recorded; `now` is in seconds."""
        minute = int(now // 60)
        window, used = self._windows.get(principal, (minute, 0))
        used = used if window == minute else 0
        if len(self._windows) >= _MAX_PRINCIPALS:
            self._windows.clear()
        if used >= self.per_minute:
            self._unrecorded[principal] = self._unrecorded.get(principal, 0) + 1
            return False
        self._windows[principal] = (minute, used + 1)
        return True

    def unrecorded(self, principal: str) -> int:
        """Return, and forget, how many went unrecorded."""
        return self._unrecorded.pop(principal, 0)
