"""The collector's application in this process, asked without a socket."""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.applications import Starlette
from tests.collector.harness import Place

from ringfence.collector.app import collector_app
from ringfence.collector.config import read_configuration
from ringfence.collector.credential import Credentials
from ringfence.collector.opening import opened
from ringfence.collector.writer import OriginWriter
from ringfence.evidence.note import NoteSigner


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application sent back."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


@dataclass
class InProcess:
    """Asks one application; `findings` are what it has reported."""

    app: Starlette
    token: str
    writers: Mapping[str, OriginWriter]
    runner: asyncio.Runner
    findings: list[dict[str, Any]] = field(default_factory=list)

    def post(
        self, path: str, body: bytes, *, headers: Sequence[tuple[str, str]] | None = None
    ) -> Answer:
        """Post a body; by default with the token, and encoded as OPA does it."""
        said = [("authorization", f"Bearer {self.token}"), ("content-type", "application/json")]
        if path == "/logs":
            said.append(("content-encoding", "gzip"))
        return self.ask("POST", path, body, headers=said if headers is None else headers)

    def ask(
        self, method: str, path: str, body: bytes = b"", *, headers: Sequence[tuple[str, str]] = ()
    ) -> Answer:
        """Send a request, and return the answer."""
        return self.runner.run(self._ask(method, path, body, headers))

    async def _ask(
        self, method: str, path: str, body: bytes, headers: Sequence[tuple[str, str]]
    ) -> Answer:
        sent: list[dict[str, Any]] = []
        left = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(dict(message))

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        }  # fmt: skip
        await self.app(scope, receive, send)
        content = b"".join(one.get("body", b"") for one in sent[1:])
        return Answer(sent[0]["status"], tuple(sent[0]["headers"]), content)


@contextlib.contextmanager
def in_process(place: Place) -> Iterator[InProcess]:
    """Open the ledgers of a configuration and answer requests, until the block ends."""
    config = read_configuration(place.folder / "collector.yaml")
    with opened(config, signer=_signer) as writers, asyncio.Runner() as runner:
        findings: list[dict[str, Any]] = []
        app = collector_app(
            writers=writers,
            credentials=Credentials(config.principals),
            limits=config.limits,
            report=lambda finding: findings.append(dict(finding)),
        )
        yield InProcess(app, place.token, writers, runner, findings)


def _signer(place: str | Path) -> NoteSigner:
    return load_pem_private_key(Path(place).read_bytes(), None)  # type: ignore[return-value] # Ed25519
