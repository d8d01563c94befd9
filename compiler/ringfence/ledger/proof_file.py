"""A proof that one record stands under a checkpoint, in a file of its own (c2sp.org/tlog-proof@v1)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import MAX_NOTE, NoteKey, decode_base64, open_note, split_note
from ringfence.evidence.records import MAX_RECORD, Record, read_record
from ringfence.evidence.tree import leaf_hash, verify_inclusion
from ringfence.ledger.cosignature import Cosignature
from ringfence.ledger.trust import LedgerTrust

__all__ = ["MAX_PROOF", "ProofFile", "ProofResult"]

MAX_PROOF: Final = MAX_NOTE + 4 * MAX_RECORD
"""Bytes of a proof's file."""

_HEAD: Final = "c2sp.org/tlog-proof@v1"
_MOST_STEPS: Final = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofResult:
    """What a proof shows: the record, its position, and the checkpoint that it stands under."""

    position: int
    record: Record
    checkpoint: Checkpoint
    key: NoteKey
    cosignatures: tuple[Cosignature, ...]
    not_shown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFile:
    """A proof as it is written. `record` is the format's extra data: the record's bytes."""

    index: int
    record: bytes
    path: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        """Write the file."""
        steps = [base64.b64encode(step).decode() for step in self.path]
        extra = base64.b64encode(self.record).decode()
        lines = (_HEAD, f"extra {extra}", f"index {self.index}", *steps, "")
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def parse(cls, data: bytes) -> "ProofFile":
        """Read a file; raise VerifyError (RF970)."""
        head, found, note = data.partition(b"\n\n")
        try:
            first, extra, index, *steps = head.decode().split("\n")
        except (UnicodeDecodeError, ValueError):
            raise _malformed() from None
        match, record = _INDEX.fullmatch(index), _extra(extra)
        if first != _HEAD or not found or match is None or record is None:
            raise _malformed()
        path = [decode_base64(step) for step in steps]
        whole = tuple(step for step in path if step is not None and len(step) == 32)
        if len(data) > MAX_PROOF or len(steps) > _MOST_STEPS or len(whole) != len(steps):
            raise _malformed()
        return cls(index=int(match[1]), record=record, path=whole, note=note)

    def verify(self, *, trust: LedgerTrust) -> ProofResult:
        """Return what the proof shows; raise VerifyError.

        The trusted key itself must have signed: key events, which could lead on from it to a later
        key, are not in a proof.
        """
        checkpoint = Checkpoint.parse(split_note(self.note)[0])
        if checkpoint.origin != trust.key.name:
            raise VerifyError("RF924", "the checkpoint is of another origin")
        open_note(self.note, key=trust.key)
        cosignatures = (
            trust.quorum.verify(self.note, now=trust.now, max_age=trust.max_age)
            if trust.quorum
            else ()
        )
        verify_inclusion(
            leaf_hash(self.record),
            index=self.index,
            size=checkpoint.size,
            path=self.path,
            root=checkpoint.root,
        )
        return ProofResult(
            position=self.index,
            record=read_record(self.record),
            checkpoint=checkpoint,
            key=trust.key,
            cosignatures=cosignatures,
            not_shown=_not_shown(trust, checkpoint),
        )


def _not_shown(trust: LedgerTrust, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Compare with what was seen before, as far as one proof can; return what it does not show."""
    for pinned in trust.pinned:
        if pinned.origin != checkpoint.origin:
            raise VerifyError("RF924", "a pinned checkpoint is of another origin")
        if pinned.size == checkpoint.size and pinned.root != checkpoint.root:
            raise VerifyError("RF933", f"another tree of {pinned.size} records was seen")
    said = ["no other record of the log is shown, and not that there is none"]
    if trust.quorum is None:
        said.append("no witness was asked for: the log's operator could show others another tree")
    elif trust.quorum.is_own:
        said.append(
            "the log's operator runs the witnesses too, and could have them cosign two trees"
        )
    if trust.quorum is None or None in (trust.now, trust.max_age):
        said.append("no age was asked for: this may be an old checkpoint of a log that has grown")
    if not any(pinned.size == checkpoint.size for pinned in trust.pinned):
        said.append("the checkpoint was compared with no other: `fsck` on the ledger does that")
    said.append("times and contents of decisions are what OPA's log claims")
    return tuple(said)


def _extra(line: str) -> bytes | None:
    word, _, text = line.partition(" ")
    return decode_base64(text) if word == "extra" else None


def _malformed() -> VerifyError:
    return VerifyError("RF970", "the proof is malformed")
