"""The example's agent, as `make demo` runs it."""

from pathlib import Path

import pytest
from examples.agent import run_agent
from examples.stage import ringfence


def test_the_demo_shows_a_filtered_list_a_stopped_call_and_a_held_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the example's policies in a locked OPA, the agent's calls come out as the demo says."""
    ringfence("keygen", "--type", "es256", "--out", tmp_path / "keys", "--name", "prod")
    run_agent(tmp_path)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    answers = [line.removeprefix("→ ").split(" (")[0] for line in lines if line.startswith("→ ")]
    assert answers == [
        "get_reservation_details: done",
        "blocked: tool.unlisted: reservations/export_passengers is not on the allow-list",
        *["waiting for an approval: tool.approval: reservations/cancel_reservation needs an "
          "approval of this very call"] * 2,
        "cancel_reservation: done",
    ]  # fmt: skip
    assert "the server lists 15 tools, and the agent sees 14:" in lines
    assert "export_passengers, which nobody reviewed, is not among them" in lines
    assert "arguments in them: none" in lines
