"""A package whose statement is verified: each file is read once, and must be the one that was signed."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import is_log_name, split_note
from ringfence.evidence.package import Limits, PackageFolder, require_named
from ringfence.evidence.statement import Envelope, pae, read_statement
from ringfence.export import layout
from ringfence.export.archive import PackageArchive, begins_with
from ringfence.export.encryption import decrypted_archive, is_encrypted
from ringfence.export.package_key import PackageKey

__all__ = ["SignedContents", "claimed_origin", "is_export", "open_package"]

_MAGIC: Final = (257, b"ustar")


def open_package(
    path: Path, *, limits: Limits = layout.LIMITS, identity: Path | None = None
) -> PackageFolder | PackageArchive:
    """Open a package's folder or archive, of which nothing is verified; raise VerifyError.

    `identity` is the file with the private key of age, for an encrypted one.
    """
    if path.is_dir():
        return PackageFolder(path, limits=limits, required=layout.REQUIRED)
    if is_encrypted(path):
        if identity is None:
            raise VerifyError("RF978", "the package is encrypted, and no identity was passed")
        return decrypted_archive(path, identity=identity, limits=limits)
    return PackageArchive(path, limits=limits, required=layout.REQUIRED)


@contextlib.contextmanager
def _opened(path: Path, identity: Path | None) -> Iterator[PackageFolder | PackageArchive]:
    package = open_package(path, identity=identity)
    try:
        yield package
    finally:
        if isinstance(package, PackageArchive):
            package.close()


def claimed_origin(path: Path, *, identity: Path | None = None) -> str:
    """Return what a package, of which nothing is verified, says that it is of; raise VerifyError."""
    with _opened(path, identity) as package:
        origin = Checkpoint.parse(split_note(package.read(layout.CHECKPOINT))[0]).origin
    if not is_log_name(origin):
        raise VerifyError("RF921", "the checkpoint's origin is unusable")
    return origin


def is_export(path: Path) -> bool:
    """Tell whether a path looks like an exported package, and not a sealed one or one record's proof."""
    if path.is_dir():
        return (path / layout.PROOFS).exists()
    if is_encrypted(path):
        return True
    return begins_with(path, _MAGIC[1], at=_MAGIC[0])


class SignedContents:
    """The files that a statement names, under the trusted key; reading raises VerifyError only.

    `said` is the statement's predicate. A file that is not the signed one is RF929, a missing one RF935,
    an extra one RF934; the statement itself is RF927 and RF928.
    """

    def __init__(self, package: PackageFolder | PackageArchive, *, key: PackageKey) -> None:
        envelope = Envelope.open(package.read(layout.STATEMENT), key=key)
        self._package = package
        self._digests, self.said = _statement(envelope.payload)
        require_named(package.names, self._digests.keys())
        for name, content in {
            layout.STATEMENT_BODY: pae(envelope.payload),
            layout.STATEMENT_SIGNATURE: envelope.signature,
        }.items():
            if package.read(name) != content:
                raise VerifyError("RF929", f"`{name}` was altered")
        self._left = set(self._digests)
        self.require(layout.PACKAGE_PEM, key.pem)
        self.require(
            layout.SUMS,
            layout.sums({n: d for n, d in self._digests.items() if n != layout.SUMS}),
        )

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the signed files."""
        return frozenset(self._digests)

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        content = self._package.read(name)
        self._compare(name, hashlib.sha256(content).hexdigest())
        return content

    def lines(self, name: str, *, most: int) -> Iterator[bytes]:
        """Yield lines without their line feeds; what was yielded counts once all of it has been."""
        digest, number = hashlib.sha256(), 0
        with self._package.open(name) as stream:
            while line := stream.readline(most + 2):
                if not line.endswith(b"\n"):
                    raise VerifyError(
                        "RF925", f"line {number} of `{name}` has no end, or is too long"
                    )
                digest.update(line)
                number += 1
                yield line[:-1]
        self._compare(name, digest.hexdigest())

    def require(self, name: str, content: bytes) -> None:
        """Raise VerifyError (RF929) unless the file has this content, which follows from others."""
        if name not in self._digests or self.read(name) != content:
            raise VerifyError("RF929", f"`{name}` is not what the other files give")

    def is_signed(self, name: str, digest: str) -> bool:
        """Tell whether the statement names a file with this SHA-256, in hex; nothing is read."""
        return self._digests.get(name) == digest

    def read_rest(self) -> None:
        """Compare the files that nothing has read yet."""
        for name in sorted(self._left):
            digest = hashlib.sha256()
            with self._package.open(name) as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
            self._compare(name, digest.hexdigest())

    def _compare(self, name: str, digest: str) -> None:
        if self._digests.get(name) != digest:
            raise VerifyError("RF929", f"`{name}` was altered")
        self._left.discard(name)


def _statement(payload: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    return read_statement(payload, predicate_type=layout.PREDICATE_TYPE)
