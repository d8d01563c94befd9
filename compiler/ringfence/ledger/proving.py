"""Prove one record of a ledger that is only read."""

from pathlib import Path

from ringfence.evidence.error import VerifyError
from ringfence.evidence.records import RecordKind
from ringfence.evidence.tree import leaf_hash, verify_inclusion
from ringfence.ledger.fsck import FsckResult
from ringfence.ledger.proof_file import ProofFile
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.search import search
from ringfence.ledger.tiles import TileReader, bundle_entries
from ringfence.ledger.trust import LedgerTrust

__all__ = ["inclusion_path", "prove"]


def prove(
    folder: Path,
    *,
    trust: LedgerTrust,
    decision: str | None = None,
    index: int | None = None,
    tenant: str | None = None,
) -> ProofFile:
    """Verify a ledger, and prove the record of a decision, or the one at an index.

    Raise VerifyError: RF971 where there is none, or several principals have delivered the decision.
    """
    chain, position, record = (
        _at(folder, index, trust=trust)
        if decision is None
        else _of_decision(folder, decision, tenant=tenant, trust=trust)
    )
    path = inclusion_path(folder, record, position=position, chain=chain)
    return ProofFile(index=position, record=record, path=path, note=chain.note)


def inclusion_path(
    folder: Path, record: bytes, *, position: int, chain: FsckResult
) -> tuple[bytes, ...]:
    """Return the path from a record to the root of the verified checkpoint; raise VerifyError.

    It is read from tiles and checked, so that nothing that was changed since is handed on.
    """
    size = chain.checkpoint.size
    path = tuple(TiledTree(TileReader(folder, size=size), size).inclusion_proof(position))
    root = chain.checkpoint.root
    verify_inclusion(leaf_hash(record), index=position, size=size, path=path, root=root)
    return path


def _at(folder: Path, index: int | None, *, trust: LedgerTrust) -> tuple[FsckResult, int, bytes]:
    found: list[bytes] = []

    def each(start: int, bundle: bytes, width: int) -> None:
        if index is not None and start <= index < start + width:
            found.append(bundle_entries(bundle)[index - start])

    chain = trust.fsck(folder, each=each)
    if index is None or not found:
        raise VerifyError("RF971", f"the checkpoint is over {chain.checkpoint.size} records only")
    return chain, index, found[0]


def _of_decision(
    folder: Path, decision: str, *, tenant: str | None, trust: LedgerTrust
) -> tuple[FsckResult, int, bytes]:
    chain, found = search(
        folder,
        trust=trust,
        naming=[decision],
        wanted=lambda _, record, body: (
            record.kind is RecordKind.DECISION
            and body.get("decision_id") == decision
            and tenant in (None, body.get("tenant"))
        ),
    )
    if not found:
        raise VerifyError("RF971", "no decision under the checkpoint has this id")
    if len(found) > 1:
        at = ", ".join(str(one.position) for one in found)
        raise VerifyError("RF971", f"several records have this id, at {at}: name one by its index")
    return chain, found[0].position, found[0].record.data
