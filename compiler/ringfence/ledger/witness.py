"""A small witness: it cosigns what extends the tree that it knows, and nothing else (c2sp.org/tlog-witness)."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey, NoteSigner, open_note, split_note
from ringfence.evidence.tree import EMPTY_ROOT, verify_consistency
from ringfence.ledger.cosignature import WitnessKey, cosign
from ringfence.ledger.disk import Disk, reported
from ringfence.ledger.lock import FolderLock
from ringfence.ledger.submission import SIZE_TYPE, Submission, WitnessAnswer

__all__ = ["Witness"]


class Witness:
    """Remembers the newest checkpoint of each log in a file, durably before it answers.

    `logs` maps origins to the keys that may sign for them, `clock` gives epoch seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        key: NoteSigner,
        logs: Mapping[str, tuple[NoteKey, ...]],
        clock: Callable[[], float],
        disk: Disk | None = None,
    ) -> None:
        self.key = WitnessKey(name, key.public_key())
        self._folder, self._name, self._signer = folder, name, key
        self._logs, self._clock, self._disk = dict(logs), clock, disk or Disk()
        with reported("open the witness's folder"):
            self._disk.make_folder(folder)
        self._lock, self._one_at_a_time = FolderLock(folder), threading.Lock()

    def close(self) -> None:
        """Let another process be this witness."""
        self._lock.release()

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Answer a request; raise EvidenceError only where the disk refuses."""
        try:
            asked = Submission.parse(body)
            new = Checkpoint.parse(split_note(asked.note)[0])
        except VerifyError:
            return WitnessAnswer(status=400)
        keys = self._logs.get(new.origin)
        if keys is None:
            return WitnessAnswer(status=404)
        if not any(_is_signed(asked.note, key) for key in keys):
            return WitnessAnswer(status=403)
        if asked.old > new.size:
            return WitnessAnswer(status=400)
        with self._one_at_a_time:  # INVARIANT: nothing comes between the comparison and the writing
            return self._decide(asked, new)

    def _decide(self, asked: Submission, new: Checkpoint) -> WitnessAnswer:
        known = self._known(new.origin)
        if asked.old != known.size:
            return _conflict(known.size)
        if known.size == new.size and known.root != new.root:
            return _conflict(known.size)
        if not _extends(known, new, asked.proof):
            return WitnessAnswer(status=422)
        with reported("keep what was cosigned"):
            self._disk.replace({self._path(new.origin): asked.note})
        text, now = split_note(asked.note)[0], int(self._clock())
        return WitnessAnswer(
            status=200, body=cosign(text, name=self._name, key=self._signer, time=now)
        )

    def _known(self, origin: str) -> Checkpoint:
        path = self._path(origin)
        if not path.exists():
            return Checkpoint(origin=origin, size=0, root=EMPTY_ROOT)
        try:
            with reported("read what was cosigned"):
                return Checkpoint.parse(split_note(path.read_bytes())[0])
        except VerifyError:
            raise EvidenceError(
                "RF943", "the witness no longer knows what it has cosigned"
            ) from None

    def _path(self, origin: str) -> Path:
        return self._folder / hashlib.sha256(origin.encode()).hexdigest()


def _is_signed(note: bytes, key: NoteKey) -> bool:
    try:
        open_note(note, key=key)
    except VerifyError:
        return False
    return True


def _extends(known: Checkpoint, new: Checkpoint, proof: tuple[bytes, ...]) -> bool:
    if known.size == 0:
        return not proof
    try:
        verify_consistency(
            first=known.size,
            second=new.size,
            path=proof,
            first_root=known.root,
            second_root=new.root,
        )
    except VerifyError:
        return False
    return True


def _conflict(size: int) -> WitnessAnswer:
    return WitnessAnswer(status=409, body=b"%d\n" % size, type=SIZE_TYPE)
