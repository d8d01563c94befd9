"""A call that is decided while things change under it."""

import io
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.proxy.policies import TOOLS
from tests.proxy.running import run

from ringfence.language.facts import all_points
from ringfence.opa.ask import LoggedDecision
from ringfence.proxy.approvals import ApprovalFolder
from ringfence.proxy.decider import Decider
from ringfence.proxy.gate import Gate
from ringfence.proxy.identity import Identity
from ringfence.proxy.listing import Listing
from ringfence.proxy.log import EventLog
from ringfence.proxy.session import Session
from ringfence.tools.definition import ToolDefinition, read_tools

WHO = Identity(
    tenant="acme", environment="prod", requester="user:m", agent="a", session="s-1", server="desk"
)


class Client:
    """Allow everything, and do something at each question about a call."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, object]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def ask(self, request: Mapping[str, object]) -> LoggedDecision:
        """Return an allowance."""
        if request["point"] == "tool.call":
            self.asked.append(request)
            self.meanwhile()
        return LoggedDecision({"action": "allow", "allowed": True, "evaluated": True}, "d-1")


class Parts:
    """A gate, and what stands around it."""

    def __init__(self) -> None:
        self.client, self.listings = Client(), 0
        decider = Decider(self.client, timeout=5)
        self.session = Session(None, who=WHO)
        self.listing = Listing(
            ask_server=self._tools, decider=decider, who=WHO,
            log=EventLog(io.StringIO(), who=WHO), clock=time.monotonic, max_age=100,
        )  # fmt: skip
        self.gate = Gate(
            who=WHO, listing=self.listing, decider=decider, session=self.session,
            approvals=ApprovalFolder(None, point=all_points()["tool.call"], who=WHO),
            told=dict, turn=5,
        )  # fmt: skip

    async def _tools(self) -> tuple[ToolDefinition, ...]:
        self.listings += 1
        return read_tools(TOOLS)

    async def calls(self) -> int:
        """Return how many calls were counted."""
        async with self.session.turn(within=1) as turn:
            return turn.used().calls


@pytest.mark.parametrize("changes", [0, 1, 2, 3])
def test_a_list_that_changes_while_a_call_is_decided_counts_no_more(changes: int) -> None:
    """The call is decided anew by the new list, uncounted until then, and stopped where there is no end."""

    async def test() -> None:
        parts, left = Parts(), [changes]

        def change() -> None:
            if left[0]:
                left[0] -= 1
                parts.listing.change()

        parts.client.meanwhile = change
        ruling = await parts.gate.rule("find_customer", {"name": "Maria"})
        assert len(parts.client.asked) == min(changes + 1, 3)
        assert parts.listings == min(changes + 1, 3)
        assert ruling.goes_out is (changes < 3)
        assert ruling.verdict.codes == (("proxy.list",) if changes == 3 else ())
        assert await parts.calls() == int(changes < 3)
        parts.session.close()

    run(test)


def test_what_opa_is_asked_has_no_argument() -> None:
    """The question holds names, digests and counts; a value of an argument is nowhere in it."""

    async def test() -> None:
        parts = Parts()
        arguments: dict[str, Any] = {"name": "canary-81", "canary-82": [{"deep": "canary-83"}]}
        assert (await parts.gate.rule("find_customer", arguments)).goes_out
        (asked,) = parts.client.asked
        assert "canary" not in str(asked)
        assert "approvals" not in asked
        parts.session.close()

    run(test)
