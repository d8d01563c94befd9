"""Run the collector's application on uvicorn, with the limits and the names that it needs."""

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from h11 import LocalProtocolError
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from ringfence.collector.config_model import Limits, ListenConfig
from ringfence.errors import UsageError

__all__ = ["listen", "serve"]

_HEADERS: Final = 16 << 10
_GRACE: Final = 30


class _Protocol(H11Protocol):
    """Knows the client's certificate, and does not wait for ever for a client that says nothing."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own
        """Keep what the certificate says for the application, as `request.state.peer`."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        peer: dict[str, Any] | None = tls.getpeercert() if tls is not None else None
        self.app_state = {**self.app_state, "peer": peer or None}
        self.loop.call_later(self.config.timeout_notify, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class _Strangers(logging.Filter):
    """Drops what anybody can make the server write without a credential, since it could fill a disk."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep all but answers to torn requests, whose connection the server has closed already."""
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, LocalProtocolError)


def listen(host: str, *, port: int) -> socket.socket:
    """Return a listening socket; raise UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise UsageError(f"cannot listen on `{host}`: {said}") from None


def serve(
    app: Starlette, *, on: socket.socket, config: ListenConfig, folder: Path, limits: Limits
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was begun; `folder` is where paths start.

    Raise UsageError where certificates or keys cannot be used.
    """
    tls = config.tls
    try:
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="on",
                interface="asgi3",
                log_level="error",  # its warnings are of strangers' torn requests
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=limits.connections,
                timeout_graceful_shutdown=_GRACE,
                h11_max_incomplete_event_size=_HEADERS,
                ssl_certfile=folder / tls.certificate if tls else None,
                ssl_keyfile=folder / tls.key if tls else None,
                ssl_ca_certs=str(folder / tls.clients) if tls and tls.clients else None,
                # Health and metrics need no certificate; uploads need one credential, told by the application.
                ssl_cert_reqs=ssl.CERT_OPTIONAL if tls and tls.clients else ssl.CERT_NONE,
            )
        )
        server.config.load()
        logging.getLogger("uvicorn.error").addFilter(_Strangers())
    except (OSError, ssl.SSLError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"the TLS files cannot be used: {said}") from None
    with _signals_spent():
        server.run(sockets=[on])


@contextlib.contextmanager
def _signals_spent() -> Iterator[None]:
    """Let the signal that ended uvicorn, which raises it again when it is done, end nothing more."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {one: signal.signal(one, lambda *_: None) for one in numbers}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
