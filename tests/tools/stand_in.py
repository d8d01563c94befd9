"""A stand-in for a tool server, on the SDK's own server: `python stand_in.py ANSWER [http]`.

It lists the tools of a file, one a page, over stdio, or over streamable HTTP on a free loopback port,
which it prints once it listens.
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

TOKEN = "a-token-for-tests"


def server(tools: list[dict[str, Any]]) -> Server[Any]:
    """Build a server that lists these tools, one a page."""

    async def list_tools(_: Any, params: Any) -> types.ListToolsResult:
        place = int(params.cursor) if params is not None and params.cursor else 0
        more = str(place + 1) if place + 1 < len(tools) else None
        page = [types.Tool.model_validate(tool) for tool in tools[place : place + 1]]
        return types.ListToolsResult(tools=page, next_cursor=more)

    return Server("stand-in", on_list_tools=list_tools)


def _over_http(answer: Server[Any]) -> None:
    inner = answer.streamable_http_app()

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", []))
        if scope["type"] == "http" and headers.get(b"authorization") != f"Bearer {TOKEN}".encode():
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await inner(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(guarded, log_level="error")).run(sockets=[listening])


async def _over_stdio(answer: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await answer.run(read, write, answer.create_initialization_options())


if __name__ == "__main__":
    listed = json.loads(Path(sys.argv[1]).read_text())["tools"]
    if len(sys.argv) > 2:
        _over_http(server(listed))
    else:
        anyio.run(_over_stdio, server(listed))
