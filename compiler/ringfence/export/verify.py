"""Verify a package from its stored bytes, with trust that comes from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from ringfence.enterprise.checking import require_enterprise
from ringfence.enterprise.policy import ExportPolicy
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import NoteKey, split_note
from ringfence.evidence.package import Limits
from ringfence.evidence.records import MAX_RECORD, RecordKind, read_record
from ringfence.evidence.tree import leaf_hash, verify_consistency, verify_inclusion
from ringfence.export import layout
from ringfence.export.archive import PackageArchive
from ringfence.export.build import checkpoint_files
from ringfence.export.contents import SignedContents, open_package
from ringfence.export.not_shown import not_shown, unasked_policy, undated, unknown_pages
from ringfence.export.package_key import PackageKey
from ringfence.export.pages import VERSION, package_pages
from ringfence.export.policy import is_bundle, revision_of
from ringfence.export.predicate import Contents, require_borne_out
from ringfence.export.proof_line import MAX_LINE, ConsistencyLine, InclusionLine
from ringfence.export.view_files import require_views, unknown_views
from ringfence.export.witness_files import witness_files, witness_keys
from ringfence.ledger.cosignature import Cosignature
from ringfence.ledger.key_event import KeyHistory
from ringfence.ledger.search import Placed
from ringfence.ledger.trust import LedgerTrust
from ringfence.timestamp.authority import Stamp, TrustedAuthority

__all__ = ["ExportResult", "ExportVerifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What is shown of a package, and what is not.

    `key` is the log's that signed the checkpoint, and `said` the statement's predicate, of which the
    counts, kinds, revisions, tenants and tree are those of the records. `stamp` is there where the caller
    trusts a timestamp authority.
    """

    checkpoint: Checkpoint
    key: NoteKey
    cosignatures: tuple[Cosignature, ...]
    records: tuple[Placed, ...]
    files: int
    said: Mapping[str, Any]
    stamp: Stamp | None
    not_shown: tuple[str, ...]


class ExportVerifier:
    """Verifies packages that this key has signed, over records of the log that is trusted.

    With an `authority`, a package without a timestamp by it is refused, and with a `policy`, one that is
    not exported under that. `identity` is a file with the private key of age, for an encrypted package.
    """

    def __init__(
        self,
        *,
        trust: LedgerTrust,
        package_key: PackageKey,
        authority: TrustedAuthority | None = None,
        policy: ExportPolicy | None = None,
        identity: Path | None = None,
        limits: Limits = layout.LIMITS,
    ) -> None:
        self._authority = authority
        self._policy = policy
        self._identity = identity
        self._trust = trust
        self._key = package_key
        self._limits = limits

    def verify(self, path: Path) -> ExportResult:
        """Return what a folder or archive shows; raise VerifyError, and nothing else, for less.

        The statement is verified first, then each file by it, and then what the log's operator has
        signed: the exporter's word alone makes no record the log's.
        """
        package = open_package(path, limits=self._limits, identity=self._identity)
        try:
            return self._verify(SignedContents(package, key=self._key))
        finally:
            if isinstance(package, PackageArchive):
                package.close()

    def _verify(self, files: SignedContents) -> ExportResult:
        records, proofs = _records(files)
        key, checkpoint, cosignatures = self._checkpoint(files, records)
        for one, proof in zip(records, proofs, strict=True):
            verify_inclusion(
                one.leaf,
                index=one.position,
                size=checkpoint.size,
                path=proof.path,
                root=checkpoint.root,
            )
        self._consistency(files, checkpoint)
        stamp = self._stamp(files)
        contents = Contents.of(one.record for one in records)
        require_borne_out(files.said, contents=contents, checkpoint=checkpoint)
        require_views(files, records=records, origin=checkpoint.origin)
        _require_policy(files, revisions=contents.all_revisions)
        require_enterprise(
            files,
            key=self._key.keyid,
            records=records,
            checkpoint=checkpoint,
            trusted=self._policy,
        )
        _require_pages(files, records=records, ed25519=self._key.is_ed25519)
        files.read_rest()
        return ExportResult(
            checkpoint=checkpoint,
            key=key,
            cosignatures=cosignatures,
            records=records,
            files=len(files.names) + len(layout.STATEMENT_FILES),
            said=files.said,
            stamp=stamp,
            not_shown=(
                *not_shown(self._trust, names=files.names),
                *unasked_policy(files.said, self._policy),
                *unknown_pages(files.said),
                *undated(stamp, records),
                *unknown_views(files.said["views"]),
            ),
        )

    def _checkpoint(
        self, files: SignedContents, records: tuple[Placed, ...]
    ) -> tuple[NoteKey, Checkpoint, tuple[Cosignature, ...]]:
        """Open the checkpoint by the key events, and compare what repeats parts of it."""
        note = files.read(layout.CHECKPOINT)
        events = (
            (one.position, one.record.body)
            for one in records
            if one.record.kind is RecordKind.KEY_EVENT
        )
        if Checkpoint.parse(split_note(note)[0]).origin != self._trust.key.name:
            raise VerifyError("RF924", "the checkpoint is of another origin than the trusted key")
        history = KeyHistory.of(events, trusted=self._trust.key)
        checkpoint = history.open(note)
        key = history.at(checkpoint.size)[-1]
        for name, content in checkpoint_files(note, key=key).items():
            files.require(name, content)
        named = sorted(name for name in files.names if name.startswith(layout.WITNESSES))
        copies = witness_keys(files.read(name) for name in named if name.endswith(".vkey"))
        repeated = witness_files(note, copies)
        if sorted(repeated) != named:
            raise VerifyError("RF962", "the witnesses' files are not those of the checkpoint")
        for name, content in repeated.items():
            files.require(name, content)
        quorum, now, age = self._trust.quorum, self._trust.now, self._trust.max_age
        found = quorum.verify(note, now=now, max_age=age) if quorum else ()
        return key, checkpoint, found

    def _stamp(self, files: SignedContents) -> Stamp | None:
        """Verify the timestamp over the checkpoint's note, where one is asked for."""
        if self._authority is None:
            return None
        if layout.TIMESTAMP not in files.names:
            raise VerifyError("RF967", "the package has no timestamp")
        note = files.read(layout.CHECKPOINT)
        return self._authority.verify(files.read(layout.TIMESTAMP), note)

    def _consistency(self, files: SignedContents, checkpoint: Checkpoint) -> None:
        """Check what leads from older trees to this one, and that all that were seen are there."""
        seen: dict[int, bytes] = {checkpoint.size: checkpoint.root}
        lines = (
            files.lines(layout.CONSISTENCY, most=MAX_LINE)
            if layout.CONSISTENCY in files.names
            else ()
        )
        for line in map(ConsistencyLine.parse, lines):
            verify_consistency(
                first=line.size,
                second=checkpoint.size,
                path=line.path,
                first_root=line.root,
                second_root=checkpoint.root,
            )
            seen[line.size] = line.root
        for pinned in self._trust.pinned:
            if pinned.origin != checkpoint.origin:
                raise VerifyError("RF924", "a pinned checkpoint is of another origin")
            if pinned.size > checkpoint.size:
                said = f"the tree of {checkpoint.size} records is smaller than one that was seen"
                raise VerifyError("RF943", said)
            if pinned.size not in seen:
                said = f"nothing here leads from the pinned tree of {pinned.size} records"
                raise VerifyError("RF964", said)
            if pinned.size == checkpoint.size and pinned.root != checkpoint.root:
                raise VerifyError("RF933", f"another tree of {pinned.size} records was seen")
            if seen[pinned.size] != pinned.root:
                said = f"the first {pinned.size} records are not those that were seen"
                raise VerifyError("RF944", said)


def _require_policy(files: SignedContents, *, revisions: frozenset[str]) -> None:
    """Require each bundle to be of the revision that the statement says and a record names."""
    said = files.said["policy"]
    if {name for name in files.names if is_bundle(name)} != said.keys():
        raise VerifyError("RF927", "the statement does not name the bundles in `policy/`")
    for name in sorted(said):
        if said[name] != revision_of(files.read(name)) or said[name] not in revisions:
            raise VerifyError("RF965", f"`{name}` is not a bundle that decided")


def _require_pages(files: SignedContents, *, records: tuple[Placed, ...], ed25519: bool) -> None:
    """Make the pages again; raise VerifyError, RF966 where they are not those of the package."""
    if files.said["pages"] != VERSION:
        return
    pages = {layout.GUIDE, layout.SUMMARY_HTML, layout.SUMMARY_MARKDOWN}
    try:
        found = package_pages(records, said=files.said, names=files.names - pages, ed25519=ed25519)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise VerifyError("RF927", "the statement is malformed") from None
    for name, content in found.items():
        if files.read(name) != content:
            raise VerifyError("RF966", f"`{name}` does not follow from the records")


def _records(files: SignedContents) -> tuple[tuple[Placed, ...], tuple[InclusionLine, ...]]:
    """Read the records and their proofs side by side; the paths are not yet verified."""
    records = [read_record(line) for line in files.lines(layout.RECORDS, most=MAX_RECORD)]
    proofs = [InclusionLine.parse(line) for line in files.lines(layout.PROOFS, most=MAX_LINE)]
    if len(records) != len(proofs):
        raise VerifyError("RF962", "there are more records than proofs, or fewer")
    last = -1
    for record, proof in zip(records, proofs, strict=True):
        if proof.index <= last:
            raise VerifyError("RF962", "the records are not in the log's order")
        if leaf_hash(record.data) != proof.leaf:
            raise VerifyError("RF926", f"record {proof.index} is not the one of its proof")
        last = proof.index
    placed = (Placed(proof.index, one) for one, proof in zip(records, proofs, strict=True))
    return tuple(placed), tuple(proofs)
