"""A real OPA with the policies of these tests, and a server's folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.proxy.policies import write_bundle, write_policies
from tests.proxy.running import Desk

from ringfence.opa.server import OpaServer


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of what the policies compile to."""
    folder = tmp_path_factory.mktemp("policies")
    return write_bundle(write_policies(folder / "repository"), folder / "bundle")


@pytest.fixture(scope="session")
def opa(bundle: Path) -> Iterator[str]:
    """Serve the policies, and return where OPA listens."""
    with OpaServer(paths=[bundle]) as server:
        yield f"unix:{server.socket_path}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a new folder of the server."""
    return Desk(tmp_path)
