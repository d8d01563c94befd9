"""From a tree to a published checkpoint: signed, cosigned by a quorum, and written for all to read."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteSigner, split_note
from ringfence.evidence.tree import EMPTY_ROOT
from ringfence.ledger.disk import Disk, reported
from ringfence.ledger.key_event import KeyHistory
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.quorum import Quorum
from ringfence.ledger.signed_state import SignedState
from ringfence.ledger.signing import sign_checkpoint, sign_text
from ringfence.ledger.witnessing import AskWitness, RemoteWitness, WitnessUnavailableError

__all__ = ["Published", "Publisher", "Witnessing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessing:
    """The quorum that a checkpoint needs before it is published, and how its witnesses are asked.

    `ask` is by the witness's name.
    """

    quorum: Quorum
    ask: Mapping[str, AskWitness]

    def remotes(self) -> tuple[RemoteWitness, ...]:
        """Return the witnesses that can be asked."""
        keys = self.quorum.keys
        return tuple(RemoteWitness(k, self.ask[k.name]) for k in keys if k.name in self.ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A checkpoint with its note, and what witnesses did not cosign it and why."""

    checkpoint: Checkpoint
    note: bytes
    problems: tuple[str, ...] = ()


class Publisher:
    """Signs and publishes; refuses for good once a witness knows another log than this one."""

    def __init__(
        self,
        path: Path,
        *,
        disk: Disk,
        state: SignedState,
        keys: Sequence[NoteSigner],
        witnessing: Witnessing | None,
        clock: Callable[[], float],
    ) -> None:
        self._path, self._disk, self._state, self._keys = path, disk, state, tuple(keys)
        self._witnessing, self._clock = witnessing, clock
        self._remotes = witnessing.remotes() if witnessing else ()
        self._compared: set[str] = set()

    def compare(self, tree: TiledTree, *, history: KeyHistory, last: Published | None) -> None:
        """Let the witnesses say whether this ledger is the one they know, before anything is signed.

        Raise EvidenceError: RF943 where one has cosigned more than is known as signed here, RF944 where
        one has cosigned another tree, RF951 where too few answer.
        """
        left = [one for one in self._remotes if one.key.name not in self._compared]
        if not left or not self._witnessing:
            return
        before = [*self._state.read(), *([last.checkpoint] if last else [])]
        kept = max((one.size for one in before), default=0)
        note = last.note if last else self._empty(history)
        for remote in left:
            with contextlib.suppress(WitnessUnavailableError):
                remote.compare(note, tree=tree, kept=kept)
                self._compared.add(remote.key.name)
        if len(self._compared) < self._witnessing.quorum.threshold:
            raise WitnessUnavailableError("too few witnesses say whether this is the newest ledger")

    def publish(self, tree: TiledTree, *, history: KeyHistory, last: Published | None) -> Published:
        """Sign the tree, have it cosigned, and write the note; raise EvidenceError."""
        self.compare(tree, history=history, last=last)
        note = sign_checkpoint(tree, history=history, keys=self._keys, state=self._state)
        lines, problems = [], []
        for remote in self._remotes:
            try:
                lines.append(remote.cosign(note, tree=tree, kept=tree.size))
            except WitnessUnavailableError as error:
                problems.append(error.message)
        note += b"".join(lines)
        self._require_quorum(note)
        with reported("publish the checkpoint"):
            self._disk.replace({self._path: note})
        checkpoint = Checkpoint.parse(split_note(note)[0])
        return Published(checkpoint=checkpoint, note=note, problems=tuple(problems))

    def _require_quorum(self, note: bytes) -> None:
        if self._witnessing is None:
            return
        try:
            self._witnessing.quorum.verify(note, now=int(self._clock()))
        except VerifyError as error:
            raise EvidenceError(error.code, error.message) from None

    def _empty(self, history: KeyHistory) -> bytes:
        """Sign the tree of no records, which every tree extends, so that a witness can be asked."""
        origin = history.newest.key.name
        text = Checkpoint(origin=origin, size=0, root=EMPTY_ROOT).text()
        return sign_text(text, size=0, history=history, keys=self._keys)
