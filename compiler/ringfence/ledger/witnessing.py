"""Ask a witness to cosign, and see by its answer whether this ledger is the one it knows."""

from collections.abc import Callable
from dataclasses import dataclass

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import split_note
from ringfence.ledger.cosignature import WitnessKey, read_cosignatures
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.submission import Submission, WitnessAnswer

__all__ = ["AskWitness", "RemoteWitness", "WitnessUnavailableError"]

AskWitness = Callable[[bytes], WitnessAnswer]
"""Sends a request's body to a witness; raises EvidenceError (RF951) where no answer comes."""

_ROUNDS = 3


class WitnessUnavailableError(EvidenceError):
    """A witness did not answer, or not usefully; another time it may."""

    def __init__(self, message: str) -> None:
        super().__init__("RF951", message)


@dataclass(slots=True)
class RemoteWitness:
    """A witness as the log sees it: its key, how to ask it, and the size that it last cosigned."""

    key: WitnessKey
    ask: AskWitness
    known: int = 0

    def cosign(self, note: bytes, *, tree: TiledTree, kept: int) -> bytes:
        """Return this witness's signature line under the note, whose tree begins `tree`.

        `kept` is the largest size that this ledger knows to have signed. Raise EvidenceError: RF943 where
        the witness has cosigned a larger one, so that this is an old copy; RF944 where it has cosigned
        another tree; RF951 where it does not answer.
        """
        checkpoint = Checkpoint.parse(split_note(note)[0])
        for _ in range(_ROUNDS):
            old = min(self.known, checkpoint.size)
            submitted = TiledTree(tree.tiles, checkpoint.size)
            proof = tuple(submitted.consistency_proof(old)) if old else ()
            answer = self.ask(Submission(old=old, proof=proof, note=note).encode())
            if answer.status == 200:
                self.known = checkpoint.size
                return self._own_line(note, answer.body)
            self._learn(answer, old=old, size=checkpoint.size, kept=kept)
        raise WitnessUnavailableError(f"`{self.key.name}` keeps naming other sizes")

    def compare(self, note: bytes, *, tree: TiledTree, kept: int) -> None:
        """Raise EvidenceError as `cosign` does, where the note is one that was signed long ago.

        A witness that has cosigned a later tree, which this ledger knows to have signed, is content.
        """
        try:
            self.cosign(note, tree=tree, kept=kept)
        except _AheadError:
            return

    def _learn(self, answer: WitnessAnswer, *, old: int, size: int, kept: int) -> None:
        found = answer.known_size
        if answer.status == 422 or (answer.status == 409 and found == old == size):
            raise EvidenceError("RF944", f"`{self.key.name}` has cosigned another tree of this log")
        if found is None:
            said = f"`{self.key.name}` answered with status {answer.status}"
            raise WitnessUnavailableError(said)
        if found > kept:
            said = f"`{self.key.name}` has cosigned {found} records, and {kept} are known as signed"
            raise EvidenceError("RF943", said)
        self.known = found
        if found > size:
            raise _AheadError(f"`{self.key.name}` has cosigned a later tree")

    def _own_line(self, note: bytes, lines: bytes) -> bytes:
        """Take this witness's line, and no other, from its answer."""
        text, _ = split_note(note)
        for line in filter(None, lines.split(b"\n")):
            try:
                if read_cosignatures(text + b"\n" + line + b"\n", keys=[self.key]):
                    return line + b"\n"
            except VerifyError as error:
                raise WitnessUnavailableError(error.message) from None
        raise WitnessUnavailableError(f"`{self.key.name}` answered without its cosignature")


class _AheadError(WitnessUnavailableError):
    """The witness has cosigned a later tree than this note's."""
