"""A sound ledger under two witnesses' eyes, made as an operator makes one, for tests to attack."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ledger.samples import FIRST, ORIGIN, SECOND, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.fsck import FsckResult, check_frames, check_index, fsck
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.witness import Witness

NOW = 1_800_000_000
SIZE = 300
WITNESS = WitnessKey("witness.example", SECOND.public_key())
QUORUM = Quorum(witnesses=(TrustedWitness(WITNESS, "them"),), threshold=1, log_operator="us")


def flip(path: Path, at: int, *, mask: int = 1) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= mask
    path.write_bytes(content)


def make_sound(folder: Path) -> Path:
    """Write a ledger of 300 records under a cosigned checkpoint, and five more that are only durable."""
    clock = Clock(now=NOW)
    witness = Witness(
        folder / "witness",
        name=WITNESS.name,
        key=SECOND,
        logs={ORIGIN: (key_of(FIRST),)},
        clock=clock,
    )
    witnessing = Witnessing(quorum=QUORUM, ask={WITNESS.name: witness.add_checkpoint})
    settings = Settings(keys=(FIRST,), clock=clock, witnessing=witnessing)
    ledger = Ledger.create(folder / "ledger", origin=ORIGIN, settings=settings)
    for start in range(0, SIZE - 1, 23):
        ledger.append([decision(n) for n in range(start, min(start + 23, SIZE - 1))])
    ledger.checkpoint()
    ledger.append([decision(n) for n in range(SIZE, SIZE + 5)])
    ledger.close()
    witness.close()
    return folder / "ledger"


def check_all(folder: Path, **given: Any) -> FsckResult:
    """Verify all that a ledger's folder holds, as one who trusts the key and the witness does."""
    trust = {"trusted": key_of(FIRST), "quorum": QUORUM, "now": NOW + 30, "max_age": 60}
    found = fsck(folder, **{**trust, **given})
    check_frames(folder)
    check_index(folder)
    return found


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A class of bytes: how one is found and changed, and the code by which it is refused."""

    what: str
    code: str
    change: Callable[[Path], None]
