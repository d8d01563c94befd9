"""One writer a folder, by a lock that the system drops when its process ends."""

import fcntl
import os
from pathlib import Path

from ringfence.evidence.error import EvidenceError
from ringfence.ledger.disk import reported

__all__ = ["FolderLock"]


class FolderLock:
    """Hold a folder for this writer alone; raise EvidenceError (RF941) where another one does."""

    def __init__(self, folder: Path) -> None:
        with reported("lock the folder"):
            self._handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise EvidenceError("RF941", f"another writer has `{folder.name}` open") from None

    def release(self) -> None:
        """Let others have the folder."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
