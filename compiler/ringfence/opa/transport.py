"""HTTP over a Unix socket for `requests`, which opa-python-client builds on."""

import socket
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

__all__ = ["UnixAdapter", "unix_session"]


class _Connection(HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self) -> None:
        """Connect to the socket file instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        timeout = self.timeout if isinstance(self.timeout, float | int) else None
        self.sock.settimeout(timeout)
        self.sock.connect(self._path)


class _Pool(HTTPConnectionPool):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", maxsize=4)
        self._path = path

    def _new_conn(self) -> _Connection:
        return _Connection(self._path, None)


class UnixAdapter(HTTPAdapter):
    """Send every request of a session to one Unix socket."""

    def __init__(self, path: Path) -> None:
        self._pool = _Pool(path)
        super().__init__()

    def get_connection_with_tls_context(self, *_: object, **__: object) -> HTTPConnectionPool:
        """Return the pool of the socket, whatever the URL says."""
        return self._pool

    def close(self) -> None:
        """Close the socket's connections."""
        self._pool.close()
        super().close()


def unix_session(path: Path) -> requests.Session:
    """Return a session whose every `http://` request goes to the Unix socket at `path`."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", UnixAdapter(path))
    return session
