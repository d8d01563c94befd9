"""Facts about the pages on tampering and threats: all groups have a row, and what is named is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ringfence.codes import CODES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tampering.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if re.match(r"\| \d", line)]


@cache
def _functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def _tests(row: list[str]) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[^`:]+)::([a-z0-9_]+)`", row[3])


def test_every_group_has_its_row() -> None:
    """Thirty rows, in order, each with a test or with what is open, and why."""
    assert [int(row[0]) for row in ROWS] == list(range(1, 31))
    assert all(_tests(row) or "open: " in row[3] for row in ROWS)


@pytest.mark.parametrize("page", ["tampering.md", "threat-model.md"])
def test_every_named_test_is_there(page: str) -> None:
    """Neither page names a test, or a module of them, that does not exist."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`:]+)(?:::([a-z0-9_]+))?`", text)
    assert len(named) > 40
    assert [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file() or (name and name not in _functions(file))
    ] == []


def test_every_attempt_of_the_threat_model_has_its_test() -> None:
    """Each row says what is tried, what stops it, and by which test that is shown."""
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    attempts = [row for row in rows if row[0].strip() not in ("attempt", "---")]
    assert len(attempts) > 35
    assert [row[0] for row in attempts if len(row) != 3 or "`tests/" not in row[2]] == []


def test_every_named_code_is_asserted_by_a_test_of_its_row() -> None:
    """A code of a row is registered, and stands in a module of the row's tests."""
    missing = []
    for row in ROWS:
        text = "".join((ROOT / file).read_text(encoding="utf-8") for file, _ in _tests(row))
        for code in re.findall(r"RF\d{3}", row[2]):
            if code not in CODES or code not in text:
                missing.append((row[0], code))
    assert missing == []
