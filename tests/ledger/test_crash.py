"""Facts about kill -9."""

import random
from pathlib import Path

from tests.ledger.crash import CrashRun


def test_a_killed_writer_loses_and_forks_nothing(tmp_path: Path) -> None:
    """Killed at random moments, all acknowledged records are there once, and all notes are prefixes."""
    run, rng = CrashRun(tmp_path / "ledger"), random.Random(7)
    for _ in range(6):
        run.round(rng)
    run.finish()
    assert len(run.held) > 100
