"""Facts about false proofs of one record, in files that `evidence prove` could have written (group 16)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ledger.samples import FIRST, ORIGIN, key_of
from tests.tamper.sound import NOW, QUORUM, SIZE

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import sign_note
from ringfence.evidence.records import read_record
from ringfence.evidence.tree import leaf_hash, node_hash
from ringfence.ledger.proof_file import ProofFile
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.proving import prove
from ringfence.ledger.tiles import TileReader
from ringfence.ledger.trust import LedgerTrust

TRUST = LedgerTrust(key=key_of(FIRST), quorum=QUORUM, now=NOW, max_age=60)
INDEX = 137


def _proof(sound: Path) -> ProofFile:
    return prove(sound, trust=TRUST, index=INDEX)


def _resized(proof: ProofFile, size: int) -> ProofFile:
    """Put the proof under another checkpoint that the log's key has signed."""
    root = Checkpoint.parse(proof.note.partition(b"\n\n")[0] + b"\n").root
    text = Checkpoint(origin=ORIGIN, size=size, root=root).text()
    return replace(proof, note=sign_note(text, name=ORIGIN, key=FIRST))


CHANGES: dict[str, Callable[[ProofFile], ProofFile]] = {
    "another index": lambda p: replace(p, index=p.index + 1),
    "an index beyond the tree": lambda p: replace(p, index=SIZE),
    "an extra hash": lambda p: replace(p, path=(*p.path, bytes(32))),
    "an extra hash at the start": lambda p: replace(p, path=(bytes(32), *p.path)),
    "a missing hash": lambda p: replace(p, path=p.path[:-1]),
    "no hash at all": lambda p: replace(p, path=()),
    "hashes in another order": lambda p: replace(p, path=p.path[::-1]),
    "a flipped hash": lambda p: replace(p, path=(bytes(32), *p.path[1:])),
    "another record": lambda p: replace(p, record=p.record.replace(b"acme", b"evil")),
}


def test_a_sound_proof_holds(sound: Path) -> None:
    """What `prove` wrote reads back and shows its record, so that the changes below are what is refused."""
    found = ProofFile.parse(_proof(sound).encode()).verify(trust=TRUST)
    assert (found.position, found.record.body["decision_id"]) == (INDEX, f"d-{INDEX - 1}")


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_proof_does_not_hold(sound: Path, what: str) -> None:
    """Wrong index, extra, missing, moved and altered hashes, and another record, are RF930."""
    altered = CHANGES[what](_proof(sound))
    with pytest.raises(VerifyError, match=r"^RF930"):
        ProofFile.parse(altered.encode()).verify(trust=TRUST)


@pytest.mark.parametrize("size", [1, INDEX, SIZE - 44, SIZE + 300])
def test_a_proof_holds_under_its_own_size_only(sound: Path, size: int) -> None:
    """The same root under another signed size, at which the path has another length, is RF930."""
    with pytest.raises(VerifyError, match=r"^RF930"):
        _resized(_proof(sound), size).verify(trust=LedgerTrust(key=TRUST.key))


def test_a_node_does_not_pass_for_a_record(sound: Path) -> None:
    """Two leaf hashes, shown as if they were a record one level up, are no leaf: 0x00 is not 0x01."""
    proof = _proof(sound)
    leaf, sibling = leaf_hash(proof.record), proof.path[0]
    node = sibling + leaf if INDEX & 1 else leaf + sibling
    assert node_hash(node[:32], node[32:]) != leaf_hash(node)
    climbed = ProofFile(index=INDEX >> 1, record=node, path=proof.path[1:], note=proof.note)
    smaller = _resized(climbed, SIZE >> 1)
    for one in (climbed, smaller):
        with pytest.raises(VerifyError, match=r"^RF930"):
            one.verify(trust=LedgerTrust(key=TRUST.key))


def test_what_is_no_record_is_refused_though_it_is_a_leaf(tmp_path: Path) -> None:
    """A leaf that the log did sign, of bytes that are no record, is RF925 and never shown as one."""
    from tests.ledger.samples import tree_of

    entries = [b"{}", b"not a record"]
    tree = tree_of(tmp_path, entries)
    text = Checkpoint(origin=ORIGIN, size=2, root=tree.root()).text()
    note = sign_note(text, name=ORIGIN, key=FIRST)
    proof = ProofFile(index=1, record=entries[1], path=tuple(tree.inclusion_proof(1)), note=note)
    with pytest.raises(VerifyError, match=r"^RF925"):
        proof.verify(trust=LedgerTrust(key=TRUST.key))


def test_nothing_is_proved_from_tiles_that_were_changed(folder: Path) -> None:
    """A path that is read from an altered tile is refused when it is made, not handed on."""
    tree = TiledTree(TileReader(folder, size=SIZE), SIZE)
    assert read_record(tree.tiles.entry(INDEX)).kind == "decision"
    tile = folder / "tile/0/000"
    content = bytearray(tile.read_bytes())
    content[INDEX * 32] ^= 1
    tile.write_bytes(content)
    with pytest.raises(VerifyError, match=r"^RF959"):
        prove(folder, trust=TRUST, index=INDEX)
