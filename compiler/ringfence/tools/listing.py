"""Ask a running MCP server for its tools, over stdio or streamable HTTP."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import httpx2
import mcp_types
from mcp.client.client import Client
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from ringfence.errors import UsageError
from ringfence.tools.definition import ToolDefinition, read_tools

__all__ = ["all_tools", "list_over_http", "list_over_stdio", "reason_of"]

_MOST_PAGES = 100


class _RawTools(mcp_types.PaginatedResult):
    """An answer to `tools/list` with its entries as they came: the typed ones drop new members."""

    tools: list[dict[str, Any]]


def list_over_stdio(command: Sequence[str], *, timeout: float) -> tuple[ToolDefinition, ...]:
    """Run a server, ask it for its tools and stop it; `timeout` is in seconds.

    It gets a small environment of its own, and what it writes to standard error is dropped.
    Raise UsageError where it does not answer.
    """

    @asynccontextmanager
    async def transport() -> AsyncIterator[Any]:
        parameters = StdioServerParameters(command=command[0], args=list(command[1:]))
        with open(os.devnull, "w", encoding="utf-8") as errors:
            async with stdio_client(parameters, errlog=errors) as streams:
                yield streams

    return _ask(transport(), timeout=timeout, what=command[0])


def list_over_http(
    url: str, *, headers: Mapping[str, str], timeout: float
) -> tuple[ToolDefinition, ...]:
    """Ask the server at a URL for its tools; `timeout` is in seconds.

    Raise UsageError where it does not answer. Headers are sent, and never shown.
    """

    @asynccontextmanager
    async def transport() -> AsyncIterator[Any]:
        async with (
            httpx2.AsyncClient(headers=dict(headers), timeout=timeout) as client,
            streamable_http_client(url, http_client=client) as streams,
        ):
            yield streams

    return _ask(transport(), timeout=timeout, what=url)


def _ask(
    transport: AbstractAsyncContextManager[Any], *, timeout: float, what: str
) -> tuple[ToolDefinition, ...]:
    async def asked() -> list[Any]:
        with anyio.fail_after(timeout):
            async with Client(transport) as client:
                return await all_tools(client.session)

    try:
        return read_tools(anyio.run(asked))
    except Exception as error:
        reason = reason_of(error)
        raise UsageError(
            f"`{what}` did not answer `tools/list`: {reason}", help="check that the server runs"
        ) from None


async def all_tools(session: ClientSession) -> list[Any]:
    """Ask for every page of tools, as they came; raise ValueError where there is no end of them."""
    tools: list[Any] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        request = mcp_types.ListToolsRequest(params=mcp_types.PaginatedRequestParams(cursor=cursor))
        page = await session.send_request(request, _RawTools)
        tools += page.tools
        cursor = page.next_cursor
        if cursor is None:
            return tools
    raise ValueError(f"more than {_MOST_PAGES} pages")


def reason_of(error: BaseException) -> str:
    """Return the first reason in a group, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, UsageError):
        return error.message
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return " ".join(str(error).split())[:200] or type(error).__name__
