"""Checkpoints: a tree's size and root under the log's origin (c2sp.org/tlog-checkpoint v1.0.0)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import decode_base64

__all__ = ["Checkpoint"]

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_SIZE: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log signs: its origin, and the size and root of its tree.

    `extensions` are further lines; ringfence writes none and gives them no meaning.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> bytes:
        """Write the text of the note."""
        root = base64.b64encode(self.root).decode()
        return "".join(
            f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions)
        ).encode()

    @classmethod
    def parse(cls, text: bytes) -> "Checkpoint":
        """Read the text of a note; raise VerifyError."""
        try:
            lines = text.decode().split("\n")
        except UnicodeDecodeError:
            raise _malformed() from None
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise _malformed()
        origin, size, root, *extensions = lines
        raw = decode_base64(root)
        if not _SIZE.fullmatch(size) or int(size) > _MAX_SIZE or raw is None or len(raw) != 32:
            raise _malformed()
        return cls(origin=origin, size=int(size), root=raw, extensions=tuple(extensions))


def _malformed() -> VerifyError:
    return VerifyError("RF921", "the checkpoint is not origin, size and root")
