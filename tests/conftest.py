"""What all tests share."""

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of requirements, by which `python -m tests.requirements` finds their tests.

    No test reads or fills the user's own cache.
    """
    os.environ["RINGFENCE_CACHE"] = "off"
    config.addinivalue_line(
        "markers",
        "requirement(*ids, on): this test shows a row of docs/requirements.md, on the real `opa`, "
        "`command` or `record` (evidence)",
    )
