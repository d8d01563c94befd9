"""What columns of violations must look like, since OPA 1.22.0 indexes some comprehensions wrongly."""

import re
import subprocess
from pathlib import Path

import orjson
import pytest

from ringfence.opa import find_opa

BUNDLES = Path(__file__).parents[2] / "bundles"
RULE = """package index
answer := found if {{
	id := input.id
	labels := [[true] | some _ in input.labels]
	found := [1 | {first}; not true in {{row[0] | some row in labels}}] == [1]
}}
"""


@pytest.mark.parametrize(("first", "answer"), [('id == "a"', True), ('not id != "a"', False)])
def test_an_equality_first_would_lose_the_lists_beside_it(
    tmp_path: Path, first: str, answer: bool
) -> None:
    """A label is there, so the right answer is false: OPA says so of the second form only."""
    (tmp_path / "index.rego").write_text(RULE.format(first=first))
    command = [str(find_opa()), "eval", "-d", str(tmp_path), "-I", "data.index.answer"]
    done = subprocess.run(
        command, input=b'{"id": "a", "labels": [1]}', capture_output=True, check=True, timeout=60
    )
    (result,) = orjson.loads(done.stdout)["result"]
    assert result["expressions"][0]["value"] is answer


def test_no_column_begins_with_an_equality() -> None:
    """In the bundles of the examples, no conjunction's first operand is a plain equality."""
    columns = [
        column
        for path in BUNDLES.rglob("points/*/*.rego")
        for column in re.findall(r"violates_\w+ := \[1 \| ([^;]*);", path.read_text())
    ]
    assert columns
    assert [one for one in columns if " == " in one and not one.startswith("not ")] == []
