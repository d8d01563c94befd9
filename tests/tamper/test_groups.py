"""Facts about the page on tampering: it has all groups, and what it names is there."""

import ast
import re
from functools import cache
from pathlib import Path

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


def test_every_named_test_is_there() -> None:
    """No row names a test that does not exist."""
    assert [
        f"{file}::{name}"
        for row in ROWS
        for file, name in _tests(row)
        if name not in _functions(file)
    ] == []


def test_every_named_code_is_asserted_by_a_test_of_its_row() -> None:
    """A code of a row is registered, and stands in a module of the row's tests."""
    missing = []
    for row in ROWS:
        text = "".join((ROOT / file).read_text(encoding="utf-8") for file, _ in _tests(row))
        for code in re.findall(r"RF\d{3}", row[2]):
            if code not in CODES or code not in text:
                missing.append((row[0], code))
    assert missing == []
