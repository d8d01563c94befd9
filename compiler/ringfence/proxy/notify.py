"""Tell clients that the list of tools changed, in the way of their protocol version."""

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.subscriptions import ToolsListChanged

__all__ = ["Changes"]


class Changes:
    """The one client of a proxy: a session of the handshake era, or streams that it listens on."""

    def __init__(self) -> None:
        self._bus = InMemorySubscriptionBus()
        self._session: ServerSession | None = None
        self.listen: Callable[..., Awaitable[Any]] = ListenHandler(self._bus)

    def to(self, session: ServerSession) -> None:
        """Remember the session of a client that has been greeted."""
        self._session = session

    async def tell(self) -> None:
        """Tell whoever listens."""
        if self._session is not None:
            await self._session.send_tool_list_changed()
        await self._bus.publish(ToolsListChanged())
