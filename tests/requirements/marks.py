"""Find the tests that say which requirement they show, without importing them.

A test says so by `@pytest.mark.requirement("R1.13", on="opa")`. `on` is what it runs: the real `opa`;
the real `command`, for a row that is no decision; or the evidence `record`. A test below
`tests/evidence` may also name rows at the start of its docstring, which counts as `record`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PLACES", "Mark", "MarkError", "find_marks"]

PLACES = ("opa", "command", "record")
# Modules that put requests to the real OPA.
_ASKS = ("ringfence.opa", "tests.requirements.ask", "tests.opa")
_IDS = re.compile(r"R\d+\.\d+(?:, R\d+\.\d+)*(?=:)")


class MarkError(Exception):
    """A mark says what is not so."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """One row that one test shows."""

    row: str
    place: str
    test: str


def find_marks(tests: Path) -> tuple[Mark, ...]:
    """Return the marks of all test modules below a directory; raise MarkError for a false one."""
    found = {
        mark
        for path in sorted(tests.rglob("test_*.py"))
        for mark in _in_module(path, path.relative_to(tests.parent).as_posix())
    }
    return tuple(sorted(found))


def _in_module(path: Path, name: str) -> Iterator[Mark]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asks = any(module.startswith(_ASKS) for module in _imported(tree))
    for test in ast.walk(tree):
        if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
            continue
        where = f"{name}::{test.name}"
        for decorator in test.decorator_list:
            for call in ast.walk(decorator):
                if isinstance(call, ast.Call) and _is_mark(call.func):
                    yield from _read(call, where, asks=asks)
        if "/evidence/" in name:
            named = _IDS.match(ast.get_docstring(test) or "")
            yield from (
                Mark(row, "record", where) for row in (named[0] if named else "").split(", ") if row
            )


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _is_mark(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "requirement"


def _read(call: ast.Call, where: str, *, asks: bool) -> Iterator[Mark]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    place = named.get("on")
    if not isinstance(place, ast.Constant) or place.value not in PLACES:
        raise MarkError(f"{where}: `on` must be one of {', '.join(PLACES)}")
    if place.value == "opa" and not asks:
        raise MarkError(f"{where}: its module never asks OPA")
    for argument in call.args:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise MarkError(f"{where}: a row's id must be written out")
        yield Mark(argument.value, str(place.value), where)
