"""The Merkle tree of RFC 6962, section 2.1, as RFC 9162, section 2.1, restates it."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from ringfence.evidence.error import VerifyError

__all__ = [
    "EMPTY_ROOT",
    "CompactRange",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY_ROOT: Final = hashlib.sha256().digest()
_HASH_SIZE: Final = 32


def leaf_hash(data: bytes) -> bytes:
    """Hash an entry, with the prefix that keeps leaves apart from nodes (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree that only grows: the roots of its perfect subtrees, largest first."""

    def __init__(self) -> None:
        self._size = 0
        self._roots: list[bytes] = []

    @property
    def size(self) -> int:
        """Count the leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        height = self._size
        while height & 1:
            leaf = node_hash(self._roots.pop(), leaf)
            height >>= 1
        self._roots.append(leaf)
        self._size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes (RFC 9162, 2.1.1)."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the path from a leaf to the root of all of them (RFC 9162, 2.1.3.1).

    Raise IndexError where there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the tree of the first leaves is a prefix (RFC 9162, 2.1.4.1).

    Raise IndexError unless `first` is from 1 to the number of leaves.
    """
    if not 0 < first <= len(leaves):
        raise IndexError(first)
    return _subproof(leaves, first, whole=True)


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_subproof(leaves[:split], first, whole=whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, whole=False), root_of(leaves[:split])]


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Raise VerifyError unless the leaf is at this index of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, root, *path]):
        raise _fails("inclusion")
    fn, sn, found = index, size - 1, leaf
    for step in path:
        if sn == 0:
            raise _fails("inclusion")
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or found != root:
        raise _fails("inclusion")


def verify_consistency(
    *, first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Raise VerifyError unless the second tree extends the first (RFC 9162, 2.1.4.2).

    Nothing is shown of an empty first tree, so it is refused.
    """
    if not 0 < first <= second or not _are_hashes([first_root, second_root, *path]):
        raise _fails("consistency")
    if first == second:
        if path or first_root != second_root:
            raise _fails("consistency")
        return
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not path:
        raise _fails("consistency")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if sn == 0:
            raise _fails("consistency")
        if fn & 1 or fn == sn:
            old, new = node_hash(step, old), node_hash(step, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or old != first_root or new != second_root:
        raise _fails("consistency")


def _split(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == _HASH_SIZE for value in values)


def _fails(what: str) -> VerifyError:
    return VerifyError("RF930", f"the {what} proof does not hold")
