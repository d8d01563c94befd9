"""A package as one tar file in one form only: the same files give the same bytes, and no others are read."""

import contextlib
import io
import os
import re
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.package import Limits, only_verify_errors

__all__ = ["PackageArchive", "begins_with", "pack", "require_writable"]

_BLOCK: Final = 512
_END: Final = bytes(2 * _BLOCK)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,15}")
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def require_writable(files: Mapping[str, bytes], *, limits: Limits) -> None:
    """Raise EvidenceError (RF914) where a verifier would refuse the files for their names or sizes."""
    for name in sorted(files):
        if _header(name, len(files[name])) is None:
            raise EvidenceError("RF914", f"`{name}` cannot be the name of a file in a package")
    size = sum(2 * _BLOCK + len(content) for content in files.values()) + len(_END)
    if len(files) > limits.files or size > limits.total:
        hint = "select fewer records, by `--from` and `--to`"
        raise EvidenceError("RF914", "the package is too large to be verified", help=hint)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a ustar archive (POSIX.1-1988) of plain files, sorted by name, without clock or owner.

    Raise EvidenceError (RF914) for a name that no package has.
    """
    parts = []
    for name in sorted(files):
        header = _header(name, len(files[name]))
        if header is None:
            raise EvidenceError("RF914", f"`{name}` cannot be the name of a file in a package")
        parts += [header, files[name], bytes(-len(files[name]) % _BLOCK)]
    return b"".join([*parts, _END])


def begins_with(path: Path, magic: bytes, *, at: int = 0) -> bool:
    """Tell whether a plain file has these bytes there; nothing is waited for, such as a pipe's writer."""
    try:
        handle = os.open(path, _OPEN)
    except (OSError, ValueError):
        return False
    try:
        plain = stat.S_ISREG(os.fstat(handle).st_mode)
        return plain and os.pread(handle, len(magic), at) == magic
    finally:
        os.close(handle)


class PackageArchive:
    """A package's files, read from an archive; every way to read one raises VerifyError only.

    It is named by a path, or by a descriptor that it then owns.
    """

    def __init__(self, path: Path | int, *, limits: Limits, required: frozenset[str]) -> None:
        self._at: dict[str, tuple[int, int]] = {}
        self._limits = limits
        with only_verify_errors():
            self._handle = path if isinstance(path, int) else os.open(path, _OPEN)
        try:
            with only_verify_errors():
                self._scan()
            if absent := sorted(required - self.names):
                raise VerifyError("RF935", f"`{absent[0]}` is missing from the package")
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        return frozenset(self._at)

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        if self._at[name][1] > self._limits.small:
            raise VerifyError("RF938", f"`{name}` is too large")
        return self._content(name)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Give a file's content as a stream."""
        yield io.BytesIO(self._content(name))

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _content(self, name: str) -> bytes:
        start, size = self._at[name]
        with only_verify_errors():
            return self._pread(size, start)

    def _scan(self) -> None:
        found = os.fstat(self._handle)
        if not stat.S_ISREG(found.st_mode):
            raise VerifyError("RF937", "the package is no plain file")
        if found.st_size > self._limits.total:
            raise VerifyError("RF938", "the package is too large")
        at, last = 0, ""
        while (header := self._pread(_BLOCK, at)) != bytes(_BLOCK):
            name, size = _named(header)
            if name <= last:
                raise _malformed()
            if len(self._at) >= self._limits.files:
                raise VerifyError("RF938", "the package has too many files")
            start, last = at + _BLOCK, name
            at = start + size + -size % _BLOCK
            if at > found.st_size or any(self._pread(-size % _BLOCK, start + size)):
                raise _malformed()
            self._at[name] = (start, size)
        if found.st_size - at != len(_END) or self._pread(len(_END), at) != _END:
            raise _malformed()

    def _pread(self, size: int, at: int) -> bytes:
        """Read as many bytes as asked for, whatever one call returns."""
        parts, left = [], size
        while left:
            part = os.pread(self._handle, left, at + size - left)
            if not part:
                raise _malformed()
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def _named(header: bytes) -> tuple[str, int]:
    """Return a header's name and size, once it is the one header that these have."""
    prefix, name = (part.partition(b"\0")[0] for part in (header[345:500], header[:100]))
    text = (prefix + b"/" + name if prefix else name).decode("ascii", "replace")
    if header[156:157] not in (b"0", b"\0"):
        raise VerifyError("RF937", "the package holds what is no plain file")
    if not _NAME.fullmatch(text):
        raise VerifyError("RF936", "a file of the package has an unusable name")
    digits = header[124:135]
    if not re.fullmatch(rb"[0-7]{11}", digits) or _header(text, int(digits, 8)) != header:
        raise _malformed()
    return text, int(digits, 8)


def _header(name: str, size: int) -> bytes | None:
    """Return the header of a plain file; None for a name that no package has."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o644, 0
    if not _NAME.fullmatch(name):
        return None
    try:
        return member.tobuf(tarfile.USTAR_FORMAT)
    except ValueError:
        return None


def _malformed() -> VerifyError:
    return VerifyError("RF920", "the archive is not as a package's is written")
