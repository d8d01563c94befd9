"""The tool server of these tests, on the SDK's own: `python desk_server.py FOLDER [http]`.

It lists the tools of FOLDER/tools.json as that file is now, and writes each call that reaches it to
FOLDER/calls.jsonl. What it does with a call, `name` among the arguments says.
"""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import uvicorn
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.exceptions import MCPError

SECRET_RESULT = "result-canary-51c2"


def server(folder: Path) -> Server[Any]:
    """Build the server."""
    bus = InMemorySubscriptionBus()

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        tools = json.loads((folder / "tools.json").read_text())
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in tools])

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        arguments = params.arguments or {}
        with (folder / "calls.jsonl").open("a") as calls:
            calls.write(json.dumps({"tool": params.name, "arguments": arguments}) + "\n")
        if arguments.get("name") == "change":
            await context.session.send_tool_list_changed()
            await bus.publish(ToolsListChanged())
        await _behave(arguments.get("name"))
        card = {"name": "Maria", "card": {"number": SECRET_RESULT, "month": 7}}
        text = types.TextContent(type="text", text=json.dumps(card))
        return types.CallToolResult(content=[text], structured_content=card)

    return Server(
        "desk",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_subscriptions_listen=ListenHandler(bus),
    )


async def _behave(name: object) -> None:
    match name:
        case "crash":
            os._exit(3)
        case "forever":
            await anyio.sleep_forever()
        case "garbage":
            os.write(1, b'{"jsonrpc": "2.0", "nonsense\n\xff\xfe\n[]\n')
        case "refuse":
            raise MCPError(-32099, f"refused {SECRET_RESULT}")


def _over_http(answer: Server[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        app = answer.streamable_http_app()
        uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])


async def _over_stdio(answer: Server[Any]) -> None:
    options = answer.create_initialization_options(NotificationOptions(tools_changed=True))
    async with stdio_server() as (read, write):
        await answer.run(read, write, options)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _over_http(server(Path(sys.argv[1])))
    else:
        anyio.run(_over_stdio, server(Path(sys.argv[1])))
