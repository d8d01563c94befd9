"""Make the files of a package from the selected records of a ledger."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteKey, open_note
from ringfence.evidence.records import RecordKind
from ringfence.evidence.statement import Envelope, pae, write_statement
from ringfence.evidence.tree import verify_consistency, verify_inclusion
from ringfence.export import layout
from ringfence.export.archive import require_writable
from ringfence.export.package_key import PackageSigner
from ringfence.export.pages import VERSION, package_pages
from ringfence.export.policy import bundle_files
from ringfence.export.predicate import Contents, predicate
from ringfence.export.proof_line import ConsistencyLine, InclusionLine
from ringfence.export.request import ExportRequest
from ringfence.export.selection import Selected
from ringfence.export.view_files import view_files
from ringfence.export.witness_files import witness_files
from ringfence.keys import public_pem
from ringfence.ledger.proofs import TiledTree
from ringfence.ledger.search import Placed
from ringfence.ledger.tiles import TileReader
from ringfence.timestamp.authority import require_imprint
from ringfence.views.table import VIEWS

__all__ = ["checkpoint_files", "package_files"]


def package_files(
    selected: Selected,
    *,
    ledger: Path,
    request: ExportRequest,
    pinned: Sequence[Checkpoint],
    signer: PackageSigner,
) -> dict[str, bytes]:
    """Return the files of a package by name; the same records and keys give the same bytes.

    The tree leads from each pinned checkpoint to the present one. Nothing is written. Raise
    EvidenceError where a record is of a tenant that was not asked for, and VerifyError where the
    ledger's tiles are not what was verified.
    """
    _require_tenants(selected.records, request)
    point = selected.chain.checkpoint
    tree = TiledTree(TileReader(ledger, size=point.size), point.size)
    contents = Contents.of(one.record for one in selected.records)
    bundles, policy = bundle_files(
        request.bundles, tenants=request.selection.tenants, revisions=contents.all_revisions
    )
    said = _predicate(selected, request, contents=contents, policy=policy)
    files = {
        **request.files,
        **bundles,
        **checkpoint_files(selected.chain.note, key=selected.chain.keys[-1]),
        **witness_files(selected.chain.note, request.witnesses),
        layout.RECORDS: b"".join(one.record.data + b"\n" for one in selected.records),
        layout.PROOFS: _inclusions(selected.records, tree=tree, root=point.root),
        layout.PACKAGE_PEM: signer.public.pem,
    }
    if request.timestamp is not None:
        require_imprint(request.timestamp, selected.chain.note)
        files[layout.TIMESTAMP] = request.timestamp
    files |= view_files(request.views, records=selected.records, origin=point.origin)
    if pinned:
        files[layout.CONSISTENCY] = _consistency(pinned, tree=tree, point=point)
    files |= package_pages(
        selected.records, said=said, names=files.keys(), ed25519=signer.public.is_ed25519
    )
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files[layout.SUMS] = layout.sums(digests)
    digests[layout.SUMS] = hashlib.sha256(files[layout.SUMS]).hexdigest()
    files |= _statement(digests, said=said, signer=signer)
    require_writable(files, limits=layout.LIMITS)
    return files


def checkpoint_files(note: bytes, *, key: NoteKey) -> dict[str, bytes]:
    """Return a note and its parts, as its signer's key sees them; raise VerifyError."""
    opened = open_note(note, key=key)
    return {
        layout.CHECKPOINT: note,
        layout.CHECKPOINT_BODY: opened.text,
        layout.CHECKPOINT_SIGNATURE: opened.signature,
        layout.LOG_VKEY: f"{key.vkey}\n".encode(),
        layout.LOG_PEM: public_pem(key.key).encode(),
    }


def _require_tenants(records: Sequence[Placed], request: ExportRequest) -> None:
    """Refuse another tenant's record once more, whatever selected it."""
    for one in records:
        tenant = one.record.body.get("tenant")
        is_event = one.record.kind is RecordKind.KEY_EVENT
        if not is_event and tenant not in request.selection.tenants:
            raise EvidenceError("RF963", f"record {one.position} is another tenant's")


def _predicate(
    selected: Selected, request: ExportRequest, *, contents: Contents, policy: Mapping[str, str]
) -> dict[str, Any]:
    return predicate(
        contents,
        checkpoint=selected.chain.checkpoint,
        profile=request.profile,
        tenants=request.selection.tenants,
        selection=request.selection.described(),
        exporter=request.exporter,
        pages=VERSION,
        policy=policy,
        views={name: VIEWS[name].version for name in request.views},
        extra=request.extra,
    )


def _inclusions(records: Sequence[Placed], *, tree: TiledTree, root: bytes) -> bytes:
    lines = []
    for one in records:
        path = tuple(tree.inclusion_proof(one.position))
        verify_inclusion(one.leaf, index=one.position, size=tree.size, path=path, root=root)
        lines.append(InclusionLine(index=one.position, leaf=one.leaf, path=path).encode() + b"\n")
    return b"".join(lines)


def _consistency(pinned: Sequence[Checkpoint], *, tree: TiledTree, point: Checkpoint) -> bytes:
    lines = {}
    for one in pinned:
        path = tuple(tree.consistency_proof(one.size))
        verify_consistency(
            first=one.size,
            second=point.size,
            path=path,
            first_root=one.root,
            second_root=point.root,
        )
        lines[one.size] = ConsistencyLine(size=one.size, root=one.root, path=path).encode() + b"\n"
    return b"".join(lines[size] for size in sorted(lines))


def _statement(
    digests: Mapping[str, str], *, said: Mapping[str, Any], signer: PackageSigner
) -> dict[str, bytes]:
    payload = write_statement(digests, predicate=said, predicate_type=layout.PREDICATE_TYPE)
    envelope = Envelope.sign(payload, key=signer, keyid=signer.public.keyid)
    return {
        layout.STATEMENT: envelope.encode(),
        layout.STATEMENT_BODY: pae(payload),
        layout.STATEMENT_SIGNATURE: envelope.signature,
    }
