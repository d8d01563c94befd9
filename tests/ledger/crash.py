"""Rounds of kill -9: what was acknowledged and signed before a kill must be there after it."""

import base64
import json
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ledger.crash_child import SETTINGS
from tests.ledger.samples import FIRST, ORIGIN, key_of

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.note import open_note
from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.fsck import check_index, fsck
from ringfence.ledger.store import Ledger

ROOT = Path(__file__).parents[2]


@dataclass
class CrashRun:
    """One ledger over many rounds; counts what happened."""

    folder: Path
    rounds: int = 0
    torn: int = 0
    held: dict[int, str] = field(default_factory=dict)
    points: list[Checkpoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        Ledger.create(self.folder, origin=ORIGIN, settings=SETTINGS).close()

    def round(self, rng: random.Random) -> None:
        """Let the program run, kill it at a random moment, and look at what it left."""
        self.rounds += 1
        new: dict[int, str] = {}
        for said in self._killed(rng):
            new.update(said.get("held", []))
            if "note" in said:
                note = base64.b64decode(said["note"])
                self.points.append(Checkpoint.parse(open_note(note, key=key_of(FIRST)).text))
        ledger = Ledger.open(self.folder, settings=SETTINGS)
        try:
            self.torn += ledger.cut_bytes > 0
            lost = {n for n, leaf in new.items() if self._leaf(ledger, n) != leaf}
            assert not lost, f"lost {sorted(lost)[:5]} of {len(new)}"
        finally:
            ledger.close()
        self.held |= new

    def finish(self) -> None:
        """Sign once more, and compare everything that was ever acknowledged or signed."""
        ledger = Ledger.open(self.folder, settings=SETTINGS)
        ledger.checkpoint()
        records = [ledger.read(n) for n in range(ledger.size)]
        ledger.close()
        assert {n: leaf_hash(records[n].data).hex() for n in self.held} == self.held
        ids = Counter(record.body.get("decision_id") for record in records[1:])
        assert set(ids.values()) == {1}
        fsck(self.folder, trusted=key_of(FIRST), pinned=self.points)
        check_index(self.folder)

    def _killed(self, rng: random.Random) -> list[dict[str, Any]]:
        command = [
            sys.executable,
            "-m",
            "tests.ledger.crash_child",
            str(self.folder),
            str(rng.random())[2:],
        ]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            assert child.stdout
            assert child.stderr
            lines = [child.stdout.readline() for _ in range(rng.randint(1, 12))]
            select.select([], [], [], rng.random() * 0.004)  # a moment inside an operation
            child.kill()
            rest, said = child.stdout.read(), child.stderr.read()
            assert child.wait() == -signal.SIGKILL, said.decode()
        whole = (b"".join(lines) + rest).rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    @staticmethod
    def _leaf(ledger: Ledger, position: int) -> str:
        return leaf_hash(ledger.read(position).data).hex() if position < ledger.size else ""
