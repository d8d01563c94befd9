"""The site that tests of this folder work on."""

from pathlib import Path

import pytest
from tests.personal.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a site."""
    return Site(tmp_path)
