"""Serve compiled policies from a real OPA for the harness: tests, replay, eval."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from ringfence.opa.batch import batch_module, evaluate_batch
from ringfence.opa.server import OpaServer

__all__ = ["PolicyServer", "write_tree"]


class PolicyServer:
    """An OPA on a Unix socket with bundle files loaded, and the batch query beside them.

    `files` are those of one or more bundles (their `.manifest` and signatures are left out: what
    this process compiled a moment ago, or verified, needs no second proof).
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rf-policies-")
        root = Path(self._folder.name)
        write_tree(root, {path: data for path, data in files.items() if not path.startswith(".")})
        batch_module(root)
        self._server = OpaServer(paths=[root])
        self._session: requests.Session | None = None

    def __enter__(self) -> "PolicyServer":
        self._server.__enter__()
        self._session = self._server.session()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._session.close()
        self._server.__exit__(kind, error, traceback)
        self._folder.cleanup()

    def decide(self, requests_: Sequence[tuple[object, int]]) -> list[dict[str, Any] | None]:
        """Return the decision of each (input, clock in ns); None where there is none, which blocks."""
        return evaluate_batch(self._server, requests_, session=self._session)


def write_tree(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a directory that is ours."""
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
