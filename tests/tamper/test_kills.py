"""Facts about `kill -9` at every single disk operation of a writer, each in a process of its own (group 23)."""

import base64
import subprocess
import sys
from pathlib import Path

from tests.ledger.samples import FIRST, ORIGIN, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.note import open_note
from ringfence.ledger.fsck import check_frames, fsck
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

ROOT = Path(__file__).parents[2]


def _check(folder: Path) -> tuple[bool, bool]:
    """Compare what a process was told with what it left; tell whether it came to the end, and was torn."""
    said = [line.split() for line in (folder / "said").read_text().splitlines()]
    ledger = Ledger.open(folder / "ledger", settings=Settings(keys=(FIRST,), clock=Clock()))
    torn = ledger.cut_bytes > 0
    found = [ledger.read(n).data for n in range(ledger.size)]
    held = [int(one[1]) for one in said if one[0] == "held"]
    promised = {decision(n).data for start in held for n in range(start, start + 12)}
    assert promised <= set(found)
    assert len(found) == len(set(found))
    assert (len(found) - 1) % 12 == 0
    ledger.append([decision(n) for n in range(70)])
    assert ledger.origin == ORIGIN
    assert ledger.checkpoint().checkpoint.size == ledger.size == 71
    ledger.close()
    notes = [base64.b64decode(one[1]) for one in said if one[0] == "note"]
    points = [Checkpoint.parse(open_note(note, key=key_of(FIRST)).text) for note in notes]
    fsck(folder / "ledger", trusted=key_of(FIRST), pinned=points)
    check_frames(folder / "ledger")
    return said[-1:] == [["end"]], torn


def test_killed_at_every_operation_it_loses_and_forks_nothing(memory: Path) -> None:
    """Each acknowledged batch is there once and whole, no half of another is, and each note is a prefix."""
    command = [sys.executable, "-m", "tests.tamper.kill_child", str(memory)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    folders = sorted(path for path in memory.iterdir() if path.is_dir())
    results = [_check(folder) for folder in folders]
    assert [end for end, _ in results] == [False] * (len(folders) - 1) + [True]
    assert len(folders) > 60
    assert sum(torn for _, torn in results) >= 5
