"""A stand-in for a compiled bundle: the decision path with an answer that says what it was asked."""

from pathlib import Path

import pytest

DECISION = "/v1/data/ringfence/main/decision"

MAIN = """package ringfence.main

decision := {
	"action": "allow",
	"allowed": true,
	"tenant": object.get(input, "tenant", ""),
	"facts": object.get(input, "facts", {}),
	"text": json.marshal(object.get(input, "facts", {})),
	"now": data.ringfence.clock.now,
} if not input.silent
"""

_CLOCK = """package ringfence.clock

now := time.now_ns()
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a directory of policy that decides; `{"silent": true}` leaves it undefined."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "main.rego").write_text(MAIN)
    (folder / "clock.rego").write_text(_CLOCK)
    return folder
