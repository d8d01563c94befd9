"""Verify a package from its stored bytes: the tree is built again, nothing is taken on trust."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence import layout
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.guide import NOT_SHOWN
from ringfence.evidence.note import MAX_NOTE, NoteKey, OpenNote, open_note
from ringfence.evidence.package import Limits, PackageFolder, require_named
from ringfence.evidence.records import MAX_RECORD, Record, read_record
from ringfence.evidence.seal import predicate
from ringfence.evidence.statement import Envelope, pae, read_statement
from ringfence.evidence.tree import CompactRange, leaf_hash
from ringfence.keys import public_pem

__all__ = ["Verifier", "VerifyResult"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """What is shown of a package, and what is not.

    `size` and `root` are of the tree over its records, `key` is the trusted key as a C2SP verifier
    key, and `kinds` counts the records by kind.
    """

    origin: str
    size: int
    root: bytes
    key: str
    kinds: Mapping[str, int]
    files: int
    not_shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _ReadRecords:
    digest: str
    tree: CompactRange
    kinds: Mapping[str, int]


class Verifier:
    """Verifies packages of the log whose key is trusted.

    With `origin`, only that log's; without, whichever origin the trusted key has signed for, and the
    result says so.
    """

    def __init__(
        self,
        *,
        trusted_key: Ed25519PublicKey,
        origin: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._key = trusted_key
        self._origin = origin
        self._limits = limits or Limits()

    def verify(self, path: Path) -> VerifyResult:
        """Return what the package shows; raise VerifyError, and nothing else, where it shows less."""
        return self._verify(path, each=lambda _: None)

    def read(self, path: Path) -> tuple[Record, ...]:
        """Return the package's records, in their order, once all of it is verified; as `verify` does.

        They are the bytes that were verified, so they are held in memory.
        """
        kept: list[Record] = []
        self._verify(path, each=kept.append)
        return tuple(kept)

    def _verify(self, path: Path, *, each: Callable[[Record], None]) -> VerifyResult:
        folder = PackageFolder(path, limits=self._limits)
        key, note = self._open(folder.read(layout.CHECKPOINT))
        checkpoint = Checkpoint.parse(note.text)
        if checkpoint.origin != key.name:
            raise VerifyError("RF924", "the checkpoint is of another origin than its key's name")
        read = self._records(folder, each)
        if read.tree.size != checkpoint.size:
            said = f"{checkpoint.size} records were signed, and {read.tree.size} are here"
            raise VerifyError("RF931", said)
        if read.tree.root() != checkpoint.root:
            raise VerifyError("RF926", "the records are not those under the checkpoint")
        self._statement(folder, key, checkpoint, note, read)
        unasked = () if self._origin else ("the origin was compared with none that you expect",)
        return VerifyResult(
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root,
            key=key.vkey,
            kinds=read.kinds,
            files=len(folder.names),
            not_shown=NOT_SHOWN + unasked,
        )

    def _open(self, data: bytes) -> tuple[NoteKey, OpenNote]:
        """Verify the note under the trusted key, whose name is the origin."""
        claimed = self._claimed_origin(data)
        if self._origin is not None and claimed != self._origin:
            raise VerifyError("RF924", "the checkpoint is of another origin")
        try:
            key = NoteKey(claimed, self._key)
        except EvidenceError:
            raise VerifyError("RF921", "the checkpoint's origin is unusable") from None
        return key, open_note(data, key=key)

    @staticmethod
    def _claimed_origin(data: bytes) -> str:
        try:
            return data[:MAX_NOTE].split(b"\n", 1)[0].decode()
        except UnicodeDecodeError:
            raise VerifyError("RF921", "the checkpoint is not a signed note") from None

    def _records(self, folder: PackageFolder, each: Callable[[Record], None]) -> _ReadRecords:
        digest, tree, kinds = hashlib.sha256(), CompactRange(), Counter[str]()
        with folder.open(layout.RECORDS) as stream:
            while line := stream.readline(MAX_RECORD + 2):
                if not line.endswith(b"\n"):
                    raise VerifyError("RF925", f"record {tree.size} has no end, or is too long")
                record = read_record(line[:-1])
                digest.update(line)
                tree.append(leaf_hash(record.data))
                kinds[record.kind.value] += 1
                each(record)
        return _ReadRecords(digest.hexdigest(), tree, dict(sorted(kinds.items())))

    def _statement(
        self,
        folder: PackageFolder,
        key: NoteKey,
        checkpoint: Checkpoint,
        note: OpenNote,
        read: _ReadRecords,
    ) -> None:
        """Verify the statement, and every file by it."""
        envelope = Envelope.open(folder.read(layout.STATEMENT), key=key)
        digests, said = read_statement(envelope.payload)
        if said != predicate(checkpoint):
            raise VerifyError("RF927", "the statement is of another checkpoint")
        require_named(folder.names, digests.keys())
        derived = {
            layout.CHECKPOINT_BODY: note.text,
            layout.CHECKPOINT_SIGNATURE: note.signature,
            layout.LOG_VKEY: f"{key.vkey}\n".encode(),
            layout.LOG_PEM: public_pem(key.key).encode(),
            layout.SUMS: layout.sums({n: d for n, d in digests.items() if n != layout.SUMS}),
            layout.STATEMENT_BODY: pae(envelope.payload),
            layout.STATEMENT_SIGNATURE: envelope.signature,
        }
        for name in sorted(folder.names - {layout.STATEMENT}):
            self._file(folder, name, derived=derived, digests=digests, read=read)

    def _file(
        self,
        folder: PackageFolder,
        name: str,
        *,
        derived: Mapping[str, bytes],
        digests: Mapping[str, str],
        read: _ReadRecords,
    ) -> None:
        if name == layout.RECORDS:
            found = read.digest  # of the bytes that the tree was built from
        else:
            with folder.open(name) as stream:
                found = _digest(stream)
        expected = {digests[name]} if name in digests else set()
        if name in derived:
            expected.add(hashlib.sha256(derived[name]).hexdigest())
        if expected != {found}:
            raise VerifyError("RF929", f"`{name}` was altered")


def _digest(stream: BufferedReader) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
