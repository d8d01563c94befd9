"""The tool server behind the proxy: asked for its tools, and called, with limits of time and size."""

from collections.abc import Mapping
from typing import Any

import anyio
import mcp_types as types
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from ringfence.proxy.verdict import Verdict, blocked
from ringfence.tools.definition import ToolDefinition, read_tools
from ringfence.tools.listing import all_tools

__all__ = ["NoAnswerError", "Upstream"]


class NoAnswerError(Exception):
    """The server was called, and there is no answer that may be passed on: why is in `verdict`."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.codes)
        self.verdict = verdict


class Upstream:
    """One server's session. `timeout` is in seconds for each answer, `largest` in bytes of JSON."""

    def __init__(self, session: ClientSession, *, timeout: float, largest: int) -> None:
        self._session = session
        self._timeout = timeout
        self._largest = largest

    async def tools(self) -> tuple[ToolDefinition, ...]:
        """List the server's tools; raise ValueError, TimeoutError or MCPError where it does not."""
        with anyio.fail_after(self._timeout):
            return read_tools(await all_tools(self._session))

    async def call(
        self, tool: str, arguments: Mapping[str, Any]
    ) -> tuple[types.CallToolResult, int]:
        """Call a tool, and return its answer with its size; raise NoAnswerError.

        Its own JSON-RPC error is raised as the MCPError that it is. No member of the client's
        request goes along but the name and the arguments.
        """
        params = types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        try:
            with anyio.fail_after(self._timeout):
                answer = await self._session.send_request(
                    types.CallToolRequest(params=params), types.CallToolResult
                )
        except TimeoutError:
            said = f"the server did not answer within {self._timeout:g} s; the call may have run"
            raise NoAnswerError(_late("server.timeout", said)) from None
        except ValidationError:
            raise NoAnswerError(
                _late("server.answer", "the server's answer is no tool's result")
            ) from None
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED:
                raise NoAnswerError(_late("server.gone", "the server is gone")) from None
            raise
        size = len(answer.model_dump_json(by_alias=True, exclude_none=True).encode())
        if size > self._largest:
            said = f"the answer has {size} bytes, more than {self._largest}"
            raise NoAnswerError(_late("server.size", said))
        return answer, size


def _late(code: str, said: str) -> Verdict:
    return blocked(code, said, "look at the server before you call again")
