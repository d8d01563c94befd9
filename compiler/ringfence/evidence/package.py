"""How a package's files are read without trusting any of them."""

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Set
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from ringfence.evidence.error import VerifyError
from ringfence.evidence.layout import REQUIRED, STATEMENT_FILES

__all__ = ["Limits", "PackageFolder", "only_verify_errors", "require_named"]

_STEP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a verifier reads: files, folders' depth, bytes of all files and of a small one."""

    files: int = 10_000
    depth: int = 4
    total: int = 64 << 30
    small: int = 16 << 20


class PackageFolder:
    """A package's files by relative path; every way to read one raises VerifyError only."""

    def __init__(self, path: Path, *, limits: Limits, required: frozenset[str] = REQUIRED) -> None:
        self._root = path
        self._limits = limits
        self._sizes: dict[str, int] = {}
        with only_verify_errors():
            self._walk(path, "", limits.depth)
        if sum(self._sizes.values()) > limits.total:
            raise VerifyError("RF938", "the package is too large")
        if absent := sorted(required - self.names):
            raise VerifyError("RF935", f"`{absent[0]}` is missing from the package")

    @property
    def names(self) -> frozenset[str]:
        """Return the relative paths of all files."""
        return frozenset(self._sizes)

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        with self.open(name) as stream, only_verify_errors():
            content = stream.read(self._limits.small + 1)
        if len(content) > self._limits.small:
            raise VerifyError("RF938", f"`{name}` is too large")
        return content

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BufferedReader]:
        """Open a file, which must still be a plain one."""
        with only_verify_errors():
            handle = os.open(self._root / name, _OPEN)
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise VerifyError("RF937", f"`{name}` is no plain file")
                yield stream

    def _walk(self, folder: Path, prefix: str, depth: int) -> None:
        before = len(self._sizes)
        with os.scandir(folder) as entries:
            for entry in entries:
                if not _STEP.fullmatch(entry.name):
                    raise VerifyError("RF936", "a file of the package has an unusable name")
                name, found = prefix + entry.name, entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    if not depth:
                        raise VerifyError("RF938", "the package's folders are too deep")
                    self._walk(folder / entry.name, name + "/", depth - 1)
                elif stat.S_ISREG(found.st_mode):
                    self._sizes[name] = found.st_size
                else:
                    raise VerifyError("RF937", f"`{name}` is no plain file")
                if len(self._sizes) > self._limits.files:
                    raise VerifyError("RF938", "the package has too many files")
        if len(self._sizes) == before:
            raise VerifyError("RF937", "the package has an empty folder")


def require_named(names: Set[str], named: Set[str]) -> None:
    """Raise VerifyError unless the files are those that a statement names: RF935 missing, RF934 extra."""
    if missing := sorted(named - names):
        raise VerifyError("RF935", f"`{missing[0]}` is named by the statement, and missing")
    if extra := sorted(names - STATEMENT_FILES - named):
        raise VerifyError("RF934", f"`{extra[0]}` is extra, by the statement")
    if twice := sorted(named & STATEMENT_FILES):
        raise VerifyError("RF927", f"the statement names `{twice[0]}`, which is made from it")


@contextlib.contextmanager
def only_verify_errors() -> Iterator[None]:
    """Raise VerifyError (RF920) for what the system says of a path or its file."""
    try:
        yield
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "its path cannot be used"
        raise VerifyError("RF920", f"the package cannot be read: {said}") from None
