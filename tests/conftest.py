"""What all tests share."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark by which `python -m tests.requirements` finds the test of a requirement."""
    config.addinivalue_line(
        "markers",
        "requirement(*ids, on): this test shows a row of docs/requirements.md, on the real `opa`, "
        "`command` or `record` (evidence)",
    )
