"""How a ledger is run: its keys, clock, witnesses and limits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.evidence.note import NoteSigner
from ringfence.ledger.disk import Disk
from ringfence.ledger.frames import SEGMENT_SIZE
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.signing import CheckpointPolicy

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the caller decides.

    `keys` are the private keys that sign. `state` is a second copy of what was signed last, best on
    another disk or host, where the restoring of a backup does not reach it. `clock` gives epoch seconds.
    After `segment_size` bytes frames go to a new file.
    """

    keys: tuple[NoteSigner, ...] = ()
    state: Path | None = None
    witnessing: Witnessing | None = None
    policy: CheckpointPolicy = CheckpointPolicy()
    conflicts_per_minute: int = 60
    clock: Callable[[], float] = time.time
    segment_size: int = SEGMENT_SIZE
    disk: Disk = field(default_factory=Disk)
