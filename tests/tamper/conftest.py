"""A sound ledger and package, and copies of them to tamper with."""

import os
import shutil
import tempfile
from collections.abc import Iterator
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


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory, where there is one, for tests in which a real sync shows nothing.

    A killed process leaves what the system has in memory, and a power cut is a model of ours.
    """
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)
