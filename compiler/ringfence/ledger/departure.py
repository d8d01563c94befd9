"""Say how records depart from what was signed, as far as the leaf tiles still show it."""

from collections import Counter

from ringfence.evidence.error import VerifyError
from ringfence.ledger.edge import HASH, WIDTH, Edge
from ringfence.ledger.tiles import TileReader, bundle_leaves

__all__ = ["departure"]


def departure(tiles: TileReader, *, root: bytes) -> VerifyError:
    """Return the error for records whose tree has another root than the signed one.

    Where the tiles of leaf hashes still lead to that root they say which record departs, and whether all
    are there in another order (RF932); else only that they are not those that were signed (RF926).
    """
    edge, signed, here, first = Edge(), Counter[bytes](), Counter[bytes](), tiles.size
    try:
        for index in range(-(-tiles.size // WIDTH)):
            leaves = _leaves(tiles, index)
            edge, _ = edge.extend(leaves)
            found = bundle_leaves(tiles.bundle(index))
            for position, (one, other) in enumerate(zip(leaves, found, strict=False)):
                if one != other:
                    signed[one] += 1
                    here[other] += 1
                    first = min(first, index * WIDTH + position)
    except VerifyError:
        return _unknown()
    if edge.root() != root or first == tiles.size:
        return _unknown()
    if signed == here:
        return VerifyError("RF932", f"from record {first} on the signed records stand elsewhere")
    return VerifyError("RF926", f"record {first} is not the one that was signed")


def _leaves(tiles: TileReader, index: int) -> list[bytes]:
    hashes = tiles.hashes(0, index)
    return [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]


def _unknown() -> VerifyError:
    return VerifyError("RF926", "the records are not those under the checkpoint")
