"""How often one client may come."""

import math
from dataclasses import dataclass, field
from typing import Final

__all__ = ["ClientRates"]

_MAX_CLIENTS: Final = 100_000


@dataclass(slots=True, kw_only=True)
class ClientRates:
    """A token bucket a client: `per_second` on average, `burst` at once."""

    per_second: float
    burst: int
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait(self, client: str, *, now: float) -> int:
        """Count a request, and return 0, or the whole seconds until one is allowed; `now` in seconds."""
        if len(self._buckets) >= _MAX_CLIENTS:
            self._buckets.clear()
        left, before = self._buckets.get(client, (float(self.burst), now))
        left = min(float(self.burst), left + max(0.0, now - before) * self.per_second)
        if left < 1.0:
            self._buckets[client] = (left, now)
            return max(1, math.ceil((1.0 - left) / self.per_second))
        self._buckets[client] = (left - 1.0, now)
        return 0
