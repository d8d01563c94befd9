"""A sound ledger and package, and copies of them to tamper with."""

import shutil
from pathlib import Path

import pytest
from tests.tamper.sound import make_sound


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the sound ledger once; read only."""
    return make_sound(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """Return a copy of the ledger that a test may alter."""
    return Path(shutil.copytree(sound, tmp_path / "ledger"))
