"""A program that appends to a ledger and says what was acknowledged, until someone kills it."""

import base64
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

from tests.ledger.samples import FIRST
from tests.ledger.test_index import decision

from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.disk import Disk
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

SETTINGS = Settings(keys=(FIRST,), segment_size=60_000)


class _SmallWrites(Disk):
    """Writes a few bytes at a time, so that a kill often comes in the middle of a frame."""

    def write(self, handle: int, content: bytes) -> None:
        """Write all of the content, in pieces."""
        for at in range(0, len(content), 97):
            super().write(handle, content[at : at + 97])


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main(folder: Path, seed: int) -> None:
    """Deliver decisions, some of them again, and publish a checkpoint now and then."""
    rng = random.Random(seed)
    disk = _SmallWrites() if rng.random() < 0.7 else Disk()
    ledger = Ledger.open(folder, settings=replace(SETTINGS, disk=disk))
    _say(opened=ledger.size, cut=ledger.cut_bytes)
    while True:
        start = max(0, ledger.size - rng.randint(0, 30))
        numbers = range(start, start + rng.randint(1, 60))
        records = [decision(n, pad=str(n) * (n % 300)) for n in numbers]
        found = ledger.append(records)
        _say(
            held=[
                [p, leaf_hash(r.data).hex()] for p, r in zip(found.positions, records, strict=True)
            ]
        )
        if rng.random() < 0.3:
            _say(note=base64.b64encode(ledger.checkpoint().note).decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
