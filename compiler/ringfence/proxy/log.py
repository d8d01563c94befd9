"""The proxy's own log: a JSON object a line, of ids, names, codes and digests."""

import json
import time
from collections.abc import Mapping
from typing import Any, TextIO

from ringfence.proxy.identity import Identity

__all__ = ["EventLog"]


class EventLog:
    """Write events to an open text file, each with who asked and when (UTC).

    No caller passes an argument of a call, a result, or a text that a server or a client wrote.
    """

    def __init__(self, file: TextIO, *, who: Identity) -> None:
        self._file = file
        self._who = {
            "tenant": who.tenant, "environment": who.environment, "agent": who.agent,
            "requester": who.requester, "session": who.session, "server": who.server,
            "workload": who.workload,
        }  # fmt: skip

    def write(self, event: str, **members: object) -> None:
        """Write one event; members that are None are left out."""
        said = {name: value for name, value in members.items() if value is not None}
        self._line({"time": _now(), "event": event, **self._who, **said})

    def _line(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def _now() -> str:
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest // 1_000_000:03}Z"
