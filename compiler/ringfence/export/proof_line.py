"""Proofs as lines of JSON: that a record stands in the tree, and that the tree extends an older one."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import decode_base64

__all__ = ["MAX_LINE", "ConsistencyLine", "InclusionLine"]

MAX_LINE: Final = 8192
"""Bytes of a line: a path of 63 hashes needs fewer."""

_MOST: Final = (1 << 53) - 1
_STEPS: Final = 126


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionLine:
    """The position of a record, its leaf hash, and the path to the root (RFC 9162, 2.1.3)."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Write the line as RFC 8785 bytes, without its line feed."""
        return canonical_bytes(
            {"index": self.index, "leaf": self.leaf.hex(), "path": _written(self.path)}
        )

    @classmethod
    def parse(cls, line: bytes) -> "InclusionLine":
        """Read a line in the one form that `encode` writes; raise VerifyError (RF962)."""
        match _object(line):
            case {"index": int(index), "leaf": str(leaf), "path": list(path)}:
                found = cls(index=index, leaf=_hex(leaf), path=_hashes(path))
                _require(_same(found, line))
                return found
        raise _malformed()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyLine:
    """A smaller tree, and the path by which the checkpoint's extends it (RFC 9162, 2.1.4)."""

    size: int
    root: bytes
    path: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Write the line as RFC 8785 bytes, without its line feed."""
        root = base64.b64encode(self.root).decode()
        return canonical_bytes({"path": _written(self.path), "root": root, "size": self.size})

    @classmethod
    def parse(cls, line: bytes) -> "ConsistencyLine":
        """Read a line in the one form that `encode` writes; raise VerifyError (RF962)."""
        match _object(line):
            case {"size": int(size), "root": str(root), "path": list(path)}:
                (whole,) = _hashes([root])
                found = cls(size=size, root=whole, path=_hashes(path))
                _require(_same(found, line))
                return found
        raise _malformed()


def _written(path: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in path]


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _malformed() from None
    if not isinstance(found, dict):
        raise _malformed()
    return found


def _hashes(path: list[Any]) -> tuple[bytes, ...]:
    found = tuple(decode_base64(step) or b"" if isinstance(step, str) else b"" for step in path)
    _require(len(found) <= _STEPS and all(len(step) == 32 for step in found))
    return found


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _malformed() from None


def _same(found: InclusionLine | ConsistencyLine, line: bytes) -> bool:
    number = found.index if isinstance(found, InclusionLine) else found.size
    try:
        return type(number) is int and 0 <= number <= _MOST and found.encode() == line
    except EvidenceError:
        return False


def _require(holds: bool) -> None:
    if not holds:
        raise _malformed()


def _malformed() -> VerifyError:
    return VerifyError("RF962", "a proof's line is malformed")
