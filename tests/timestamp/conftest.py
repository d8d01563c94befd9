"""Authorities, made once."""

from collections.abc import Iterator

import pytest
from tests.timestamp.tsa import OPENSSL, Authority, Serving, make_authority, serve


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make an authority that is trusted in these tests."""
    if OPENSSL is None:
        pytest.skip("openssl is not installed, so that there is no timestamp authority")
    return make_authority(tmp_path_factory.mktemp("tsa") / "trusted")


@pytest.fixture
def serving(authority: Authority) -> Iterator[Serving]:
    """Serve it."""
    with serve(authority) as found:
        yield found
