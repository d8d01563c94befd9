"""Seal records into a package: a tree, a signed checkpoint, and a statement over every file."""

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringfence.evidence import layout
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.folder import new_folder, write_synced
from ringfence.evidence.guide import NOT_SHOWN, guide
from ringfence.evidence.note import NoteKey, NoteSigner, sign_note
from ringfence.evidence.records import Record
from ringfence.evidence.statement import Envelope, pae, write_statement
from ringfence.evidence.tree import CompactRange, leaf_hash
from ringfence.keys import public_pem

__all__ = ["SealResult", "seal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealResult:
    """What was sealed: where, under which origin and key, and the tree's size and root."""

    path: Path
    origin: str
    size: int
    root: bytes
    key: str
    kinds: Mapping[str, int]


def seal(records: Iterable[Record], *, out: Path, origin: str, key: NoteSigner) -> SealResult:
    """Write the records, in their order, as a package, whole or not at all.

    Raise EvidenceError where the target is not new or empty, the origin is unusable, or there is no
    record. Sealing the same records with the same key gives the same bytes.
    """
    signer = NoteKey(origin, key.public_key())
    with new_folder(out) as draft:
        written = _Records()
        written.write(records, draft / layout.RECORDS)
        checkpoint = Checkpoint(origin=origin, size=written.tree.size, root=written.tree.root())
        files = _files(checkpoint, signer, key)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        digests[layout.RECORDS] = written.digest.hexdigest()
        files[layout.SUMS] = layout.sums(digests)
        digests[layout.SUMS] = hashlib.sha256(files[layout.SUMS]).hexdigest()
        files |= _statement(digests, checkpoint, signer, key)
        for name, content in files.items():
            write_synced(draft / name, content)
    return SealResult(
        path=out,
        origin=origin,
        size=checkpoint.size,
        root=checkpoint.root,
        key=signer.vkey,
        kinds=dict(sorted(written.kinds.items())),
    )


def predicate(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what the statement says of the tree."""
    return {
        "not_shown": list(NOT_SHOWN),
        "origin": checkpoint.origin,
        "root": base64.b64encode(checkpoint.root).decode(),
        "tree_size": checkpoint.size,
    }


class _Records:
    """The records as they are written: their tree, kinds, and the digest of the file."""

    def __init__(self) -> None:
        self.tree = CompactRange()
        self.kinds: Counter[str] = Counter()
        self.digest = hashlib.sha256()

    def write(self, records: Iterable[Record], path: Path) -> None:
        with path.open("xb") as file:
            for record in records:
                line = record.data + b"\n"
                self.digest.update(line)
                file.write(line)
                self.tree.append(leaf_hash(record.data))
                self.kinds[record.kind.value] += 1
            file.flush()
            os.fsync(file.fileno())
        if not self.tree.size:
            raise EvidenceError("RF914", "there is no record to seal", help="pass decision logs")


def _files(checkpoint: Checkpoint, signer: NoteKey, key: NoteSigner) -> dict[str, bytes]:
    text = checkpoint.text()
    return {
        layout.CHECKPOINT: sign_note(text, name=signer.name, key=key),
        layout.CHECKPOINT_BODY: text,
        layout.CHECKPOINT_SIGNATURE: key.sign(text),
        layout.LOG_VKEY: f"{signer.vkey}\n".encode(),
        layout.LOG_PEM: public_pem(signer.key).encode(),
        layout.GUIDE: guide(checkpoint),
    }


def _statement(
    digests: Mapping[str, str], checkpoint: Checkpoint, signer: NoteKey, key: NoteSigner
) -> dict[str, bytes]:
    payload = write_statement(digests, predicate=predicate(checkpoint))
    envelope = Envelope.sign(payload, key=key, keyid=signer.keyid)
    return {
        layout.STATEMENT: envelope.encode(),
        layout.STATEMENT_BODY: pae(payload),
        layout.STATEMENT_SIGNATURE: envelope.signature,
    }
