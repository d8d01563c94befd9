"""A ledger, and a package of one tenant's records out of it, made once."""

from pathlib import Path

import pytest
from tests.export.samples import Site, make_ledger

from ringfence.export.folder import write_folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Write the ledger once; read only."""
    return make_ledger(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="session")
def files(site: Site) -> dict[str, bytes]:
    """Export acme's records once; read only."""
    return site.files()


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    """Return the package as a folder that a test may alter."""
    write_folder(tmp_path / "package", files)
    return tmp_path / "package"
