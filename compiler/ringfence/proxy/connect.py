"""Open a session with the tool server, over stdio or streamable HTTP, and hear of its changes."""

import math
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from ringfence.errors import UsageError
from ringfence.tools.listing import reason_of

__all__ = ["connected", "over_http", "over_stdio"]


@asynccontextmanager
async def over_stdio(
    command: Sequence[str], *, environment: Mapping[str, str]
) -> AsyncIterator[Any]:
    """Run a server with a small environment and these variables; its standard error is dropped."""
    parameters = StdioServerParameters(
        command=command[0], args=list(command[1:]), env=dict(environment)
    )
    with open(os.devnull, "w", encoding="utf-8") as errors:
        async with stdio_client(parameters, errlog=errors) as streams:
            yield streams


@asynccontextmanager
async def over_http(url: str, *, headers: Mapping[str, str], timeout: float) -> AsyncIterator[Any]:
    """Reach the server at a URL; `timeout` is in seconds."""
    async with (
        httpx2.AsyncClient(headers=dict(headers), timeout=timeout) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


@asynccontextmanager
async def connected(
    transport: Any, *, changed: Callable[[], None], timeout: float, what: str
) -> AsyncIterator[Client]:
    """Greet the server, and call `changed` whenever it says that its tools changed.

    It is offered nothing that it could ask of a client: no sampling, elicitation or roots.
    Raise UsageError where it does not answer within `timeout` seconds.
    """

    async def on_message(message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            changed()

    client = Client(transport, message_handler=on_message, cache=None)
    why = "no answer in time"
    is_greeted = False
    try:
        with anyio.CancelScope(deadline=anyio.current_time() + timeout) as greeting:
            async with client, anyio.create_task_group() as group:
                is_greeted, greeting.deadline = True, math.inf
                if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                    group.start_soon(_listen, client)
                yield client
                group.cancel_scope.cancel()
    except Exception as error:
        if is_greeted:
            raise
        why = reason_of(error)
    if not is_greeted:
        raise UsageError(
            f"`{what}` is no tool server that answers: {why}", help="check that the server runs"
        )


async def _listen(client: Client) -> None:
    """Keep a stream of changes open; each of them reaches the message handler as well."""
    tools = client.server_capabilities.tools
    if tools is None or not tools.list_changed:
        return
    try:
        async with client.listen(tools_list_changed=True) as events:
            async for _ in events:
                pass
    except (MCPError, SubscriptionLost, TimeoutError):
        return  # the list's age says when it is asked for again
