"""What a log sends to a witness, and what comes back (c2sp.org/tlog-witness, "add-checkpoint")."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import decode_base64

__all__ = ["MAX_SUBMISSION", "SIZE_TYPE", "Submission", "WitnessAnswer"]

MAX_SUBMISSION: Final = 64 << 10
"""Bytes of a request: a proof has at most 63 hashes, and a checkpoint few signatures."""

SIZE_TYPE: Final = "text/x.tlog.size"
_MAX_PROOF: Final = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A checkpoint's note, and the proof that it extends the tree of the old size."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        """Write the request's body."""
        steps = [base64.b64encode(step).decode() for step in self.proof]
        return "".join(f"{line}\n" for line in (f"old {self.old}", *steps, "")).encode() + self.note

    @classmethod
    def parse(cls, body: bytes) -> "Submission":
        """Read a request's body; raise VerifyError (RF958)."""
        head, found, note = body.partition(b"\n\n")
        try:
            old, *steps = head.decode().split("\n")
        except UnicodeDecodeError:
            raise _malformed() from None
        match = _OLD.fullmatch(old)
        if not found or match is None or len(body) > MAX_SUBMISSION or len(steps) > _MAX_PROOF:
            raise _malformed()
        return cls(old=int(match[1]), proof=_hashes(steps), note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessAnswer:
    """An HTTP status, and the body with its type."""

    status: int
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"

    @property
    def known_size(self) -> int | None:
        """Return the size that a conflict names, or None where it names none."""
        match = _SIZE.fullmatch(self.body)
        return int(match[1]) if self.status == 409 and match else None


def _hashes(steps: Sequence[str]) -> tuple[bytes, ...]:
    raw = [decode_base64(step) for step in steps]
    if not all(one is not None and len(one) == 32 for one in raw):
        raise _malformed()
    return tuple(one for one in raw if one is not None)


def _malformed() -> VerifyError:
    return VerifyError("RF958", "the request is not an old size, a proof and a checkpoint")
