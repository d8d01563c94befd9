"""What a ledger's folder holds, and the file that says whose it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteKey
from ringfence.ledger.disk import Disk, reported

__all__ = ["ABOUT", "CHECKPOINT", "INDEX", "SIGNED", "WAL", "About"]

ABOUT: Final = "ledger.json"
WAL: Final = "wal"
SIGNED: Final = "signed"
CHECKPOINT: Final = "checkpoint"
INDEX: Final = "index.sqlite"
_FORMAT: Final = "ringfence-ledger/v1"


@dataclass(frozen=True, slots=True)
class About:
    """The log's first key, whose name is the origin."""

    key: NoteKey

    @property
    def origin(self) -> str:
        """Return the log's name."""
        return self.key.name

    def write(self, folder: Path, *, disk: Disk) -> None:
        """Make the folder a ledger; raise EvidenceError (RF947) where it is one."""
        if (folder / ABOUT).exists() or (folder / WAL).exists():
            raise EvidenceError("RF947", f"`{folder.name}` holds a ledger already")
        content = {"format": _FORMAT, "origin": self.origin, "vkey": self.key.vkey}
        with reported("make the ledger"):
            disk.replace({folder / ABOUT: canonical_bytes(content) + b"\n"})

    @classmethod
    def read(cls, folder: Path) -> "About":
        """Read what the folder says; raise EvidenceError (RF947)."""
        try:
            found = orjson.loads((folder / ABOUT).read_bytes())
            if set(found) == {"format", "origin", "vkey"} and found["format"] == _FORMAT:
                key = NoteKey.of_vkey(found["vkey"])
                if key.name == found["origin"]:
                    return cls(key)
        except (OSError, TypeError, ValueError, EvidenceError):
            pass
        raise EvidenceError(
            "RF947",
            f"`{folder.name}` holds no ledger of this version",
            help="make one with `Ledger.create`, or name the folder of one",
        )
