"""What a session has used: counted before a call goes out, and never given back."""

import math
from collections.abc import Callable, Iterable, Mapping

__all__ = ["COUNTED", "Usage"]

# What an obligation `count` may name.
COUNTED = frozenset({"pipeline_runs", "credential_requests"})
_BYTES_A_TOKEN = 4


class Usage:
    """The counts of one session, from its beginning; `clock` counts seconds and never goes back.

    A call counts as a turn and its bytes as tokens, four to one, since a proxy sees no more of the
    model; `told` may give the runtime's own counts of both, of which the greater ones hold.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._calls = 0
        self._bytes = 0
        self._counted = dict.fromkeys(COUNTED, 0)

    def facts(self, told: Mapping[str, int]) -> dict[str, int]:
        """Return the counts before the next call."""
        tokens = math.ceil(self._bytes / _BYTES_A_TOKEN)
        return {
            "turns": max(self._calls, told.get("turns", 0)),
            "tokens": max(tokens, told.get("tokens", 0)),
            "tool_calls": self._calls,
            "duration": math.ceil(self._clock() - self._began),
            **self._counted,
        }

    def reserve(self, *, also: Iterable[str], size: int) -> None:
        """Count a call, its bytes, and what else the policy says that it uses."""
        self._calls += 1
        self._bytes += size
        for name in set(also):
            self._counted[name] += 1

    def received(self, size: int) -> None:
        """Count the bytes of an answer."""
        self._bytes += size
