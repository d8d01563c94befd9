"""A program that appends to a ledger and says what was acknowledged, until someone kills it."""

import base64
import json
import random
import sys
from pathlib import Path

from tests.ledger.samples import FIRST
from tests.ledger.test_index import decision

from ringfence.evidence.tree import leaf_hash
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

SETTINGS = Settings(keys=(FIRST,), segment_size=60_000)


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main(folder: Path, seed: int) -> None:
    """Deliver decisions, some of them again, and publish a checkpoint now and then."""
    rng, ledger = random.Random(seed), Ledger.open(folder, settings=SETTINGS)
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
