"""The proxy: the SDK's server to the agent's client, and the gate before the tool server."""

import time
from collections.abc import Mapping
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from ringfence import __version__
from ringfence.proxy.answers import failed_call, held_call, refused_call, refused_list
from ringfence.proxy.gate import Gate, Ruling
from ringfence.proxy.held import HeldFolder
from ringfence.proxy.identity import Identity
from ringfence.proxy.listing import Listing
from ringfence.proxy.log import EventLog
from ringfence.proxy.notify import Changes
from ringfence.proxy.redaction import redacted
from ringfence.proxy.upstream import NoAnswerError, Upstream
from ringfence.proxy.verdict import blocked

__all__ = ["Proxy"]

Context = ServerRequestContext[Any, Any]
_LOOK_AGAIN = 0.5


class Proxy:
    """Serve the tools of one server to one client: what the policy shows, and calls that it allows.

    Nothing else of the server is served: no prompts, resources, instructions or requests of its own.
    `hold` is how long a call waits for its approval before the client is told, in seconds.
    """

    def __init__(
        self,
        *,
        who: Identity,
        listing: Listing,
        gate: Gate,
        upstream: Upstream,
        log: EventLog,
        held: HeldFolder,
        hold: float,
    ) -> None:
        self._held = held
        self._who = who
        self._hold = hold
        self._listing = listing
        self._gate = gate
        self._upstream = upstream
        self._log = log
        self._changes = Changes()
        self._changed = anyio.Event()

    def server(self) -> Server[Any]:
        """Return the server that a client talks to."""
        server: Server[Any] = Server(
            f"ringfence:{self._who.server}",
            version=__version__,
            on_list_tools=self._list,
            on_call_tool=self._call,
            on_subscriptions_listen=self._changes.listen,
        )
        server.middleware.clear()  # it would name tools in traces
        server.add_notification_handler(
            "notifications/initialized", types.NotificationParams, self._greeted
        )
        return server

    def server_changed(self) -> None:
        """Note that the tool server says that its list changed."""
        self._listing.change()
        self._changed.set()

    async def follow(self) -> None:
        """Decide anew after each change, and tell the client; runs until it is cancelled."""
        while True:
            await self._changed.wait()
            self._changed = anyio.Event()
            await self._listing.current()
            await self._changes.tell()

    async def _greeted(self, ctx: Context, _: types.NotificationParams) -> None:
        self._changes.to(ctx.session)

    async def _list(
        self, ctx: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        listed = await self._listing.renewed()
        if not listed.is_served:
            raise refused_list(listed.verdict)
        tools = [types.Tool.model_validate(dict(one.members)) for one in listed.shown]
        return types.ListToolsResult(tools=tools)

    async def _call(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            return await self._decided(params.name, params.arguments or {})
        except MCPError:
            raise
        except Exception as error:
            said = f"the proxy failed: {type(error).__name__}"
            return refused_call(blocked("proxy.internal", said, "report this as a defect"))

    async def _decided(self, tool: str, arguments: Mapping[str, Any]) -> types.CallToolResult:
        ruling = await self._ruled(tool, arguments)
        if ruling.is_held and self._hold > 0:
            ruling = await self._released(tool, arguments, ruling)
        if ruling.is_held:
            return held_call(ruling.verdict, who=self._who, facts=ruling.facts or {})
        if not ruling.goes_out:
            return refused_call(ruling.verdict)
        return await self._forwarded(tool, arguments, ruling)

    async def _ruled(self, tool: str, arguments: Mapping[str, Any]) -> Ruling:
        began = time.monotonic()
        ruling = await self._gate.rule(tool, arguments)
        self._write_ruling(tool, ruling, began=began)
        if ruling.is_held and ruling.facts is not None:
            self._held.add(ruling.facts, arguments)
        elif ruling.verdict.approvals and ruling.facts is not None:
            self._held.remove(ruling.facts)
        return ruling

    async def _released(self, tool: str, arguments: Mapping[str, Any], held: Ruling) -> Ruling:
        """Wait for an approval of a held call, and decide it anew wherever there may be one."""
        with anyio.move_on_after(self._hold):
            while held.is_held:
                await anyio.sleep(_LOOK_AGAIN)
                if await self._gate.may_be_approved(held):
                    held = await self._ruled(tool, arguments)
        return held

    async def _forwarded(
        self, tool: str, arguments: Mapping[str, Any], ruling: Ruling
    ) -> types.CallToolResult:
        began, number = time.monotonic(), ruling.verdict.decision_id
        outcome, size = "cancelled", None
        try:
            answer, size = await self._upstream.call(tool, arguments)
            await self._gate.received(size)
            outcome = "error" if answer.is_error else "answered"
        except NoAnswerError as error:
            outcome = error.verdict.codes[0]
            if outcome == "server.gone":
                self._listing.change()
            return failed_call(error.verdict)
        except MCPError as error:
            outcome = "refused"
            if ruling.verdict.action == "redact":
                raise MCPError(error.code, "the server refused the call") from None
            raise
        finally:
            self._log.write(
                "answer", decision_id=number, tool=tool, outcome=outcome, bytes=size,
                milliseconds=_since(began),
            )  # fmt: skip
        pointers = [one for due in ruling.verdict.due("redact") for one in due]
        return redacted(answer, pointers) if ruling.verdict.action == "redact" else answer

    def _write_ruling(self, tool: str, ruling: Ruling, *, began: float) -> None:
        verdict, facts = ruling.verdict, ruling.facts
        self._log.write(
            "call",
            decision_id=verdict.decision_id,
            tool=tool if facts is not None else None,
            tool_digest=facts["tool"]["digest"] if facts is not None else None,
            arguments_digest=facts["arguments"]["digest"] if facts is not None else None,
            arguments_covered=facts["arguments"]["covered"] if facts is not None else None,
            action=verdict.action,
            reasons=list(verdict.codes),
            approvals=list(verdict.approvals) or None,
            usage=facts["usage"] if facts is not None else None,
            milliseconds=_since(began),
        )


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 3)
