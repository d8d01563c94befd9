"""Put a proxy together, and run it until its client leaves."""

import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any, TextIO

import anyio
from mcp.server.lowlevel import NotificationOptions
from mcp.server.stdio import stdio_server

from ringfence.errors import UsageError
from ringfence.language.facts import all_points
from ringfence.opa.ask import OpaDecisions
from ringfence.proxy.approvals import ApprovalFolder
from ringfence.proxy.config import Settings
from ringfence.proxy.connect import connected
from ringfence.proxy.decider import Decider, LoggedClient
from ringfence.proxy.gate import Gate
from ringfence.proxy.held import HeldFolder
from ringfence.proxy.input import BoundedLines
from ringfence.proxy.listing import Listing
from ringfence.proxy.log import EventLog
from ringfence.proxy.proxy import Proxy
from ringfence.proxy.session import Session
from ringfence.proxy.told import read_told
from ringfence.proxy.upstream import Upstream

__all__ = ["run_proxy"]


async def run_proxy(settings: Settings, *, transport: Any, what: str) -> None:
    """Serve standard input and output until the client leaves; raise UsageError without a server."""
    limits, opa = settings.limits, settings.opa
    with (
        _log_file(settings) as file,
        OpaDecisions(
            host=opa.host, port=opa.port, unix=opa.unix, timeout=float(limits.decision)
        ) as client,
        closing(Session(settings.state, who=settings.who)) as session,
    ):
        log = EventLog(file, who=settings.who)
        async with _proxy(
            settings, transport, what, client=client, session=session, log=log
        ) as proxy:
            server = proxy.server()
            options = server.create_initialization_options(NotificationOptions(tools_changed=True))
            lines = BoundedLines(
                sys.stdin.buffer,
                largest=limits.size,
                too_long=lambda: log.write("end", reasons=["client.size"]),
            )
            async with stdio_server(stdin=lines) as (read, write):  # type: ignore[arg-type] # it only iterates
                await server.run(read, write, options)


@asynccontextmanager
async def _proxy(
    settings: Settings,
    transport: Any,
    what: str,
    *,
    client: LoggedClient,
    session: Session,
    log: EventLog,
) -> AsyncIterator[Proxy]:
    who, limits, point = settings.who, settings.limits, all_points()["tool.call"]
    held = HeldFolder(settings.held, point=point)
    made: list[Proxy] = []

    def changed() -> None:
        for proxy in made:
            proxy.server_changed()

    async with connected(
        transport, changed=changed, timeout=float(limits.greeting), what=what
    ) as server:
        upstream = Upstream(server.session, timeout=float(limits.answer), largest=limits.size)
        decider = Decider(client, timeout=float(limits.decision))
        listing = Listing(
            ask_server=upstream.tools, decider=decider, who=who, log=log,
            clock=time.monotonic, max_age=float(limits.list_age),
        )  # fmt: skip
        gate = Gate(
            who=who,
            listing=listing,
            decider=decider,
            approvals=ApprovalFolder(settings.approvals, point=point, who=who),
            session=session,
            told=lambda: read_told(settings.usage),
            turn=float(limits.decision + limits.answer),
        )
        proxy = Proxy(
            who=who, listing=listing, gate=gate, upstream=upstream, log=log,
            held=held, hold=float(limits.hold),
        )  # fmt: skip
        made.append(proxy)
        log.write("begin", protocol=server.protocol_version)
        async with anyio.create_task_group() as group:
            group.start_soon(proxy.follow)
            yield proxy
            group.cancel_scope.cancel()


@contextmanager
def _log_file(settings: Settings) -> Iterator[TextIO]:
    if settings.log is None:
        yield sys.stderr
        return
    try:
        file = settings.log.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the log `{settings.log}` cannot be opened: {type(error).__name__}",
            help="name a file that this user may write",
        ) from None
    with file:
        yield file
