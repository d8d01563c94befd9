"""What `ringfence evidence reconcile` is told: keys, runs, revocations and times."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ringfence.evidence.records import Record
    from ringfence.reconcile.usage import Withdrawn

__all__ = ["read_bundle_keys", "read_duration", "read_runners", "read_runs", "read_withdrawn"]


def read_runners(said: Sequence[str]) -> "Mapping[str, Ed25519PublicKey]":
    """Return the runners' public keys by name, from `NAME=FILE`; raise UsageError."""
    from ringfence.errors import UsageError
    from ringfence.evidence.runner_key import read_runner_key

    found: dict[str, Ed25519PublicKey] = {}
    for one in said:
        name, equals, file = one.partition("=")
        if not equals or not name or name in found:
            hint = "write it as in `--runner pool-1=pool-1.pub.pem`"
            raise UsageError(f"`{one}` names no runner and file, or one again", help=hint)
        found[name] = read_runner_key(name, file=Path(file))
    return found


def read_bundle_keys(said: Sequence[str]) -> "Mapping[str, EllipticCurvePublicKey]":
    """Return the bundles' public keys by key id, the thumbprint unless told; raise UsageError."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from ringfence.errors import UsageError
    from ringfence.keys import load_public, thumbprint

    found: dict[str, EllipticCurvePublicKey] = {}
    for one in said:
        keyid, equals, file = one.rpartition("=")
        key = load_public(Path(file))
        if not isinstance(key, EllipticCurvePublicKey):
            hint = "bundles are signed with ES256: pass a P-256 key"
            raise UsageError(f"`{file}` is no key of a bundle", help=hint)
        found[keyid if equals else thumbprint(key)] = key
    return found


def read_runs(files: Sequence[Path]) -> "list[Record]":
    """Return the run records of files with one record a line; raise UsageError."""
    from ringfence.errors import UsageError
    from ringfence.evidence.error import VerifyError
    from ringfence.evidence.records import RecordKind, read_record

    found = []
    for file in files:
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            try:
                record = read_record(line)
            except VerifyError:
                hint = "write one signed record of a run a line"
                raise UsageError(f"{file}:{number}: not a record", help=hint) from None
            if record.kind is not RecordKind.RUN:
                raise UsageError(f"{file}:{number}: not the record of a run")
            found.append(record)
    return found


def read_withdrawn(folders: Sequence[Path], *, retired: Sequence[str]) -> "Withdrawn":
    """Return what no longer counts, and from when on; raise CompileError and UsageError."""
    from ringfence.errors import UsageError
    from ringfence.language.values import parse_timestamp
    from ringfence.reconcile.usage import Withdrawn
    from ringfence.trust.revocation import parse_revocation

    approvals: dict[str, int] = {}
    exceptions: dict[str, int] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.yaml")):
        spec = parse_revocation(str(path), path.read_bytes()).spec
        name = spec.revokes.token or spec.revokes.exception
        if name is not None:  # a key's approvals are not told apart in a decision
            ends = approvals if spec.revokes.token else exceptions
            ends[name] = min(spec.at, ends.get(name, spec.at))
    revisions: dict[str, int] = {}
    for one in retired:
        revision, _, time = one.rpartition("=")
        try:
            revisions[revision] = parse_timestamp(time)
        except ValueError as error:
            hint = "write it as in `--retired REVISION=2026-11-20T09:00:00Z`"
            raise UsageError(f"`{one}`: the time {error}", help=hint) from None
    return Withdrawn(approvals=approvals, exceptions=exceptions, revisions=revisions)


def read_duration(text: str) -> int:
    """Return the seconds of a duration; raise UsageError."""
    from ringfence.errors import UsageError
    from ringfence.language.values import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"`{text}`: {error}") from None
