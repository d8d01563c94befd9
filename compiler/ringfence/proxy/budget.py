"""What a session has used, as the facts that a decision reads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["COUNTED", "Used"]

# What an obligation `count` may name.
COUNTED: Final = ("pipeline_runs", "credential_requests")
_BYTES_A_TOKEN: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The counts of a session: `size` is of arguments and answers in bytes, `seconds` its age.

    A call counts as a turn and its bytes as tokens, four to one, since a proxy sees no more of the
    model; the runtime's own counts of both may be told, of which the greater ones hold.
    """

    calls: int = 0
    size: int = 0
    pipeline_runs: int = 0
    credential_requests: int = 0
    seconds: float = 0.0

    def facts(self, told: Mapping[str, int]) -> dict[str, int]:
        """Return the counts before the next call."""
        tokens = math.ceil(self.size / _BYTES_A_TOKEN)
        return {
            "turns": max(self.calls, told.get("turns", 0)),
            "tokens": max(tokens, told.get("tokens", 0)),
            "tool_calls": self.calls,
            "duration": math.ceil(self.seconds),
            "pipeline_runs": self.pipeline_runs,
            "credential_requests": self.credential_requests,
        }
