"""The ledger beside signing and syncing each record, and beside SpanForge's audit log, in one run."""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc8785
from tests.evidence.samples import ALLOWED, decision, event
from tests.ledger.samples import FIRST, ORIGIN, key_of

from ringfence.evidence.decision import make_decision
from ringfence.ledger.fsck import fsck
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

pytestmark = pytest.mark.bench

COUNT = 20_000
EACH = 2_000
"""Records of the works that do everything for each record by itself."""

ROUNDS = 5
PEER = os.environ.get("RINGFENCE_SPANFORGE_PYTHON", "")
EVENTS = [event(n, result=decision()) for n in range(COUNT)]


def _spent(work: Callable[[], object], *, count: int) -> tuple[float, float]:
    """Return the microseconds a record of CPU and wall time."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return spent[0] / count * 1e6, spent[1] / count * 1e6


def _ours(folder: Path) -> None:
    """Make records of events, and append them by the thousand with a checkpoint each."""
    ledger = Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(FIRST,)))
    for start in range(0, COUNT, 1000):
        some = EVENTS[start : start + 1000]
        ledger.append([make_decision(e, allowed_facts=ALLOWED, principal="p") for e in some])
        ledger.checkpoint()
    ledger.close()


def _each(path: Path, *, slowly: bool) -> None:
    """Make, sign, write and sync records one by one; `slowly` with rfc8785's own bytes."""
    with path.open("wb", buffering=0) as file:
        for one in EVENTS[:EACH]:
            record = make_decision(one, allowed_facts=ALLOWED, principal="p")
            data = record.data
            if slowly:
                data = rfc8785.dumps({"body": record.body, "kind": "decision", "version": 1})
                assert data == record.data
            file.write(data + FIRST.sign(data))
            os.fdatasync(file.fileno())


def test_beside_signing_each_record(tmp_path: Path) -> None:
    """Measure ingest beside records that are signed and synced one by one, round by round."""
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "rfc8785": [], "our bytes": []}
    for number in range(ROUNDS):
        found["ours"].append(_spent(lambda n=number: _ours(tmp_path / f"l{n}"), count=COUNT))  # type: ignore[misc]
        for name in ("rfc8785", "our bytes"):
            path, slowly = tmp_path / f"{number}-{name}", name == "rfc8785"
            found[name].append(_spent(lambda p=path, s=slowly: _each(p, slowly=s), count=EACH))  # type: ignore[misc]
    for name, spent in found.items():
        cpu, wall = (statistics.median(one[at] for one in spent) for at in (0, 1))
        times = [
            statistics.median(a[at] / b[at] for a, b in zip(spent, found["ours"], strict=True))
            for at in (0, 1)
        ]
        print(
            f"\n{name}: {cpu:.1f} us of CPU and {wall:.1f} us of wall time a record, "
            f"{times[0]:.1f} and {times[1]:.1f} times ours"
        )


@pytest.mark.skipif(not PEER, reason="RINGFENCE_SPANFORGE_PYTHON names no Python with SpanForge")
def test_beside_spanforge(tmp_path: Path) -> None:
    """Measure SpanForge's audit append and verify beside ours, with the same bodies."""
    records = tmp_path / "records"
    made = [make_decision(one, allowed_facts=ALLOWED, principal="p") for one in EVENTS[:EACH]]
    records.write_bytes(b"\n".join(one.data for one in made))
    ours = _spent(lambda: _ours(tmp_path / "ledger"), count=COUNT)
    checked = _spent(lambda: fsck(tmp_path / "ledger", trusted=key_of(FIRST)), count=COUNT)
    program = Path(__file__).with_name("spanforge_peer.py")
    answer = subprocess.run(
        [PEER, str(program), str(records)],
        capture_output=True, text=True, check=False, timeout=600,
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout.splitlines()[-1])
    assert said["valid"]
    print(
        f"\nours: ingest {ours[0]:.1f} us CPU, {ours[1]:.1f} us wall; fsck {checked[0]:.1f} us CPU"
    )
    for name in ("append", "append, index in memory", "verify"):
        base = checked if name == "verify" else ours
        one = said[name]
        print(
            f"SpanForge {name}: {one['cpu']:.1f} us CPU, {one['wall']:.1f} us wall, "
            f"{one['cpu'] / said['sha256']['cpu']:.0f} times SHA-256, "
            f"{one['cpu'] / base[0]:.1f} and {one['wall'] / base[1]:.1f} times ours"
        )
