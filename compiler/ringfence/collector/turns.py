"""How much is worked on at once: beyond it a client is told to come again."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

from ringfence.collector.config_model import Limits
from ringfence.collector.rate import ClientRates
from ringfence.collector.upload import UploadError

__all__ = ["Turns"]

_ONE_CLIENT: Final = 2
_AFTER: Final = 1


class Turns:
    """Requests in work, in all and by principal; used on the event loop only."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.at_once
        self._rates = ClientRates(per_second=limits.requests_per_second, burst=limits.burst)
        self._busy: Counter[str] = Counter()

    @contextlib.contextmanager
    def taken(self, principal: str) -> Iterator[None]:
        """Hold a turn during the block; raise UploadError, with the seconds to wait, where there is none.

        One principal has two at most, so that it cannot keep the others out.
        """
        wait = self._rates.wait(principal, now=time.monotonic())
        if wait or self._busy[principal] >= _ONE_CLIENT:
            raise UploadError(429, "RF986", "too many requests", after=wait or _AFTER)
        if self._busy.total() >= self._most:
            raise UploadError(503, "RF987", "too much work at present", after=_AFTER)
        self._busy[principal] += 1
        try:
            yield
        finally:
            self._busy[principal] -= 1
            if not self._busy[principal]:
                del self._busy[principal]
