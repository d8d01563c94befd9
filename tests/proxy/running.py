"""A proxy in a process of its own, between the SDK's client and the server of these tests."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from tests.proxy import desk_server
from tests.proxy.policies import REQUESTER, TOOLS

__all__ = ["Desk", "proxied", "proxy_command", "run", "said", "text"]

_LONG = 120  # seconds: a test that takes so long hangs


class Desk:
    """The server's folder, with what it lists and what reached it, and a proxy's log and approvals."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_file = folder / "proxy.log"
        self.approvals = folder / "approvals"
        self.approvals.mkdir()
        self.lists(TOOLS)

    def lists(self, tools: Sequence[dict[str, Any]]) -> None:
        """Let the server list these tools from now on."""
        (self.folder / "tools.json").write_text(json.dumps(tools))

    def changes(self, name: str, **members: object) -> None:
        """Let the server list its tools with one of them changed."""
        self.lists([{**tool, **members} if tool["name"] == name else tool for tool in TOOLS])

    @property
    def command(self) -> list[str]:
        """Return the command of the server over stdio."""
        return [sys.executable, desk_server.__file__, str(self.folder)]

    @contextmanager
    def over_http(self) -> Iterator[str]:
        """Run the server over streamable HTTP, and return its URL."""
        with subprocess.Popen(
            [*self.command, "http"], stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            yield f"http://127.0.0.1:{int(running.stdout.readline())}/mcp"
            running.terminate()

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls that reached the server."""
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def called(self) -> list[str]:
        """Return the names of the tools whose calls reached the server."""
        return [call["tool"] for call in self.calls()]

    def events(self, event: str = "") -> list[dict[str, Any]]:
        """Return what the proxy logged."""
        lines = [json.loads(line) for line in self.log_file.read_text().splitlines()]
        return [line for line in lines if event in ("", line["event"])]


def proxy_command(desk: Desk, *options: str, opa: str, server: Sequence[str] = ()) -> list[str]:
    """Return the command of a proxy; `options` are put last, before the server, so that they win."""
    return [
        sys.executable, "-m", "ringfence.cli.main", "mcp-proxy",
        "--tenant", "acme", "--env", "prod", "--agent", "desk-agent", "--requester", REQUESTER,
        "--server", "desk", "--session", "s-1", "--opa", opa,
        "--approvals", str(desk.approvals), "--log", str(desk.log_file),
        *options, *(server or ("--", *desk.command)),
    ]  # fmt: skip


@asynccontextmanager
async def proxied(
    desk: Desk, *options: str, opa: str, server: Sequence[str] = (), **client: Any
) -> AsyncIterator[Client]:
    """Run a proxy, and greet it as an agent's client does."""
    command = proxy_command(desk, *options, opa=opa, server=server)
    parameters = StdioServerParameters(
        command=command[0], args=command[1:], env={**os.environ, "DESK_TOKEN": "t"}
    )
    async with Client(stdio_client(parameters), cache=None, **client) as greeted:
        yield greeted


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run the coroutine that a test is."""

    async def bounded() -> None:
        with anyio.fail_after(_LONG):
            await test()

    anyio.run(bounded)


def text(result: types.CallToolResult) -> str:
    """Return the text of a result."""
    return "".join(one.text for one in result.content if isinstance(one, types.TextContent))


def said(result: types.CallToolResult) -> tuple[str, set[str]]:
    """Return the action and the codes of a result that the proxy gave in the server's stead."""
    assert result.is_error
    assert isinstance(result.structured_content, dict)
    own = result.structured_content["ringfence"]
    return own["action"], {reason["code"] for reason in own["reasons"]}
