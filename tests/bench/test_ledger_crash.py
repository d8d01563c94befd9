"""Three hundred rounds of kill -9 on one ledger."""

import random
from pathlib import Path

import pytest
from tests.ledger.crash import CrashRun

pytestmark = pytest.mark.bench

ROUNDS = 320


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """No acknowledged record is lost and no fork is signed in over 300 rounds."""
    run, rng = CrashRun(tmp_path / "ledger"), random.Random()
    for _ in range(ROUNDS):
        run.round(rng)
    run.finish()
    print(
        f"\n{run.rounds} kills, {run.torn} torn tails cut, {len(run.held)} records acknowledged, "
        f"{len(run.points)} checkpoints: none lost, no fork"
    )
