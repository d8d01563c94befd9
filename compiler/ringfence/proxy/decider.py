"""Ask OPA in time: no answer, a late one and a nonsensical one are a block."""

from collections.abc import Mapping
from typing import Any, Protocol

import anyio
import anyio.to_thread

from ringfence.errors import OpaError
from ringfence.opa.ask import LoggedDecision
from ringfence.proxy.verdict import Verdict, blocked, read_verdict

__all__ = ["Decider", "LoggedClient"]

_FIX = "try again once OPA answers; nothing is called without a decision"


class LoggedClient(Protocol):
    """Anything that returns decisions with their ids; it raises OpaError where there is none."""

    def ask(self, request: Mapping[str, object]) -> LoggedDecision:
        """Return the decision on a request."""


class Decider:
    """Ask for decisions; `timeout` is in seconds, for one decision as a whole."""

    def __init__(self, client: LoggedClient, *, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    async def decide(self, question: Mapping[str, Any]) -> Verdict:
        """Return the verdict on a question, which is a block wherever there is none."""
        try:
            with anyio.fail_after(self._timeout):
                answer = await anyio.to_thread.run_sync(
                    self._client.ask, question, abandon_on_cancel=True
                )
        except TimeoutError:
            return blocked("opa.unavailable", f"OPA gave no answer in {self._timeout:g} s", _FIX)
        except OpaError as error:
            return blocked("opa.unavailable", error.message, _FIX)
        try:
            return read_verdict(answer.decision, decision_id=answer.id)
        except ValueError as error:
            said = f"OPA's answer is no decision: {error}"
            return blocked("opa.nonsense", said, _FIX, decision_id=answer.id)
