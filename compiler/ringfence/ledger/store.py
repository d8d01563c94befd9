"""The ledger: records go in, are durable on return, and come to stand under signed checkpoints."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteKey, NoteSigner, split_note
from ringfence.evidence.records import Record
from ringfence.ledger.about import CHECKPOINT, SIGNED, About
from ringfence.ledger.disk import reported
from ringfence.ledger.index import LedgerIndex
from ringfence.ledger.intake import Appended, Intake
from ringfence.ledger.key_event import KeyHistory, rotation_record, start_record
from ringfence.ledger.lock import FolderLock
from ringfence.ledger.log import EntryLog
from ringfence.ledger.minute_limit import MinuteLimit
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.publication import Published, Publisher
from ringfence.ledger.settings import Settings
from ringfence.ledger.signed_state import SignedState
from ringfence.ledger.signing import signer_of

__all__ = ["Ledger"]

_DEAD: Final = {"RF943", "RF944"}


class Ledger:
    """An append-only log in a folder, with one writer. Its methods may be called from any thread."""

    def __init__(self, folder: Path, *, settings: Settings) -> None:
        """Open a ledger, as `open` says."""
        self.folder, self._settings = folder, settings
        self._about = About.read(folder)
        self._appending, self._publishing = threading.RLock(), threading.RLock()
        self._dead: EvidenceError | None = None
        self._oldest: float | None = None
        self._keys = settings.keys
        self._intake: Intake
        self._history: KeyHistory
        self._publisher: Publisher
        self._published: Published | None = None
        self._lock = FolderLock(folder)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def create(cls, folder: Path, *, origin: str, settings: Settings) -> "Ledger":
        """Make a ledger, whose first record names the first of the keys, and open it."""
        if not settings.keys:
            raise EvidenceError("RF950", "a new ledger needs its private key")
        with reported("make the ledger's folder"):
            settings.disk.make_folder(folder)
        About(NoteKey(origin, settings.keys[0].public_key())).write(folder, disk=settings.disk)
        return cls(folder, settings=settings)

    @classmethod
    def open(cls, folder: Path, *, settings: Settings | None = None) -> "Ledger":
        """Open a ledger, cut a torn tail, and compare it with all that is known to have been signed.

        Raise EvidenceError: RF941 where another writer has it, RF942 where it is damaged, RF943 where it
        is older and RF944 where it is another than was signed, RF947 where it is no ledger. Raise
        VerifyError where tiles, key events or the checkpoint are not what they were.
        """
        return cls(folder, settings=settings or Settings())

    @property
    def origin(self) -> str:
        """Return the log's name."""
        return self._about.origin

    @property
    def size(self) -> int:
        """Count the records; all of them are durable."""
        return self._intake.log.size

    @property
    def published(self) -> Published | None:
        """Return the newest published checkpoint."""
        return self._published

    @property
    def index(self) -> LedgerIndex:
        """Return the index, for reading."""
        return self._intake.index

    @property
    def cut_bytes(self) -> int:
        """Return how many bytes of a torn tail, never acknowledged, were cut when it was opened."""
        return self._intake.log.frames.recovery.cut_bytes

    def append(self, records: Sequence[Record]) -> Appended:
        """Append what is new of a delivery, whole or not at all; it is durable on return.

        Raise EvidenceError; what was delivered is then to be sent again, and is still taken once.
        """
        with self._appending:
            self._refuse_if_dead()
            now = self._settings.clock()
            found = self._intake.append(records, now=now)
            if found.added and self._oldest is None:
                self._oldest = now
            return found

    def tick(self) -> Published | None:
        """Publish a checkpoint where the policy says that one is due; call it every so often."""
        oldest, now = self._oldest, self._settings.clock()
        pending = self.size - (self._published.checkpoint.size if self._published else 0)
        waited = now - oldest if oldest is not None else 0.0
        return (
            self.checkpoint() if self._settings.policy.due(pending=pending, waited=waited) else None
        )

    def checkpoint(self) -> Published:
        """Bring all records under a signed checkpoint, and publish it.

        With witnesses it is published once their quorum has cosigned it; where none is reached, nothing
        is lost, and the next call tries again. Without new records the witnesses cosign anew. Raise
        EvidenceError; after RF943 and RF944 the ledger takes no more.
        """
        with self._publishing:
            with self._appending:
                self._refuse_if_dead()
                tree = self._intake.log.integrate()
                waiting, self._oldest = self._oldest, None
            try:
                self._published = self._publisher.publish(
                    tree, history=self._history, last=self._published
                )
            except EvidenceError as error:
                self._dead = error if error.code in _DEAD else None
                self._oldest = waiting
                raise
            with self._appending:
                self._intake.log.prune()
            return self._published

    def rotate(self, new: NoteSigner, *, overlap: int = 10_000) -> Published:
        """Let a new key follow; both sign the next checkpoint, and the old one `overlap` sizes more.

        From then on the ledger is opened with both private keys, until the old one has ended. Raise
        EvidenceError (RF950) where the present private key is not there.
        """
        with self._publishing, self._appending:
            self._refuse_if_dead()
            keys = (*self._keys, new)
            record = rotation_record(
                origin=self.origin,
                old=signer_of(self._history.newest.key, keys=keys),
                new=new,
                position=self.size,
                overlap=overlap,
            )
            self._intake.append_own(record)
            self._history = self._intake.key_history()
            self._keys, self._publisher = keys, self._make_publisher(keys)
            return self.checkpoint()

    def read(self, position: int) -> Record:
        """Return the record at a position; raise IndexError where there is none."""
        with self._appending:
            return self._intake.read(position)

    def holds_decision(self, decision_id: str, *, same: Mapping[str, Any]) -> bool:
        """Tell whether a decision of this id with these members is here, whoever delivered it."""
        with self._appending:
            return self._intake.holds_decision(decision_id, same=same)

    def tree(self) -> TiledTree:
        """Return the tree of the published checkpoint, for roots and proofs."""
        size = self._published.checkpoint.size if self._published else 0
        return self._intake.log.tree().at(size)

    def close(self) -> None:
        """Let another writer have the ledger; nothing is signed by this."""
        with self._publishing, self._appending:
            self._intake.close()
            self._lock.release()

    def _open(self) -> None:
        disk, inner = self._settings.disk, self.folder / SIGNED
        outer = (self._settings.state,) if self._settings.state else ()
        self._state = SignedState([inner, *outer], disk=disk)
        note = self._read_note()
        seen = (Checkpoint.parse(split_note(note)[0]),) if note else ()
        here = (*SignedState([inner], disk=disk).read(), *seen)
        log = EntryLog(
            self.folder,
            disk=disk,
            origin=self.origin,
            signed=(*self._state.read(), *seen),
            integrated=max((one.size for one in here), default=0),
            segment_size=self._settings.segment_size,
        )
        limit = MinuteLimit(per_minute=self._settings.conflicts_per_minute)
        try:
            self._intake = Intake(self.folder, log=log, limit=limit)
        except BaseException:
            log.close()
            raise
        try:
            self._start(note)
        except BaseException:
            self._intake.close()
            raise

    def _start(self, note: bytes) -> None:
        if not self.size:
            signer = signer_of(self._about.key, keys=self._keys)
            self._intake.append_own(start_record(origin=self.origin, key=signer))
        self._history = self._intake.key_history()
        if self._history.spans[0].key != self._about.key:
            raise EvidenceError("RF947", "the ledger's first record names another key or origin")
        if note:
            self._published = Published(checkpoint=self._history.open(note), note=note)
        self._publisher = self._make_publisher(self._keys)
        if self._keys:
            self._ask_witnesses()

    def _ask_witnesses(self) -> None:
        """Compare with the witnesses that answer; the others are asked before the first signature."""
        tree = self._intake.log.tree()
        try:
            self._publisher.compare(tree, history=self._history, last=self._published)
        except EvidenceError as error:
            if error.code in _DEAD:
                raise

    def _make_publisher(self, keys: Sequence[NoteSigner]) -> Publisher:
        return Publisher(
            self.folder / CHECKPOINT,
            disk=self._settings.disk,
            state=self._state,
            keys=keys,
            witnessing=self._settings.witnessing,
            clock=self._settings.clock,
        )

    def _read_note(self) -> bytes:
        path = self.folder / CHECKPOINT
        with reported("read the checkpoint"):
            return path.read_bytes() if path.exists() else b""

    def _refuse_if_dead(self) -> None:
        if self._dead:
            raise self._dead
