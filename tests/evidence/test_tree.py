"""Facts about the Merkle tree and its proofs."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.evidence.error import VerifyError
from ringfence.evidence.tree import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(bytes([number])) for number in range(40)]


def _naive_root(leaves: list[bytes]) -> bytes:
    """Compute the root as RFC 6962, section 2.1, words it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = _naive_root(leaves[:split]), _naive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_roots_are_those_of_the_definition() -> None:
    """Growing leaf by leaf gives the recursive definition's root at every size from 0 to 40."""
    tree = CompactRange()
    assert tree.root() == EMPTY_ROOT == _naive_root([])
    for size, leaf in enumerate(LEAVES, start=1):
        tree.append(leaf)
        assert (tree.size, tree.root()) == (size, _naive_root(LEAVES[:size]))


def test_leaves_and_nodes_are_kept_apart() -> None:
    """A leaf with a node's content has another hash (second preimage)."""
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_inclusion_proof_holds_only_where_it_was_made() -> None:
    """At every size to 20 each proof holds, and with another index or root it does not."""
    for size in range(1, 21):
        leaves = LEAVES[:size]
        root = root_of(leaves)
        for index, leaf in enumerate(leaves):
            path = inclusion_proof(leaves, index)
            verify_inclusion(leaf, index=index, size=size, path=path, root=root)
            for other, wrong in ((index + 1, root), (index, LEAVES[39]), (-1, root)):
                with pytest.raises(VerifyError):
                    verify_inclusion(leaf, index=other, size=size, path=path, root=wrong)


def test_every_consistency_proof_holds_only_between_its_trees() -> None:
    """For all pairs of sizes to 20 the proof holds, and with another old root it does not."""
    roots = [root_of(LEAVES[:size]) for size in range(21)]
    for second in range(1, 21):
        for first in range(1, second + 1):
            path = consistency_proof(LEAVES[:second], first)
            given_: dict[str, Any] = {
                "first": first, "second": second, "path": path, "second_root": roots[second]
            }  # fmt: skip
            verify_consistency(**given_, first_root=roots[first])
            with pytest.raises(VerifyError):
                verify_consistency(**given_, first_root=roots[first - 1])


@given(st.integers(1, 40), st.data())
def test_altered_inclusion_proof_fails(size: int, data: st.DataObject) -> None:
    """A flipped bit, a missing hash and an extra hash are each refused."""
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(LEAVES[:size], index), root_of(LEAVES[:size])
    altered = list(path)
    how = data.draw(st.sampled_from(["flip", "drop", "insert"] if path else ["insert"]))
    place = data.draw(st.integers(0, len(path) - (how != "insert")))
    if how == "flip":
        flipped = int.from_bytes(path[place]) ^ 1 << data.draw(st.integers(0, 255))
        altered[place] = flipped.to_bytes(32)
    elif how == "drop":
        del altered[place]
    else:
        altered.insert(place, data.draw(st.sampled_from(LEAVES)))
    with pytest.raises(VerifyError) as caught:
        verify_inclusion(LEAVES[index], index=index, size=size, path=altered, root=root)
    assert caught.value.code == "RF930"


def test_no_proof_without_a_leaf() -> None:
    """Asking for a proof beyond the tree, or from an empty one, is an IndexError."""
    for size in (0, 3):
        with pytest.raises(IndexError):
            inclusion_proof(LEAVES[:size], size)
        with pytest.raises(IndexError):
            consistency_proof(LEAVES[:size], size + 1)
        with pytest.raises(IndexError):
            consistency_proof(LEAVES[:size], 0)
