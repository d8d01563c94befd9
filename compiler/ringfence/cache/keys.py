"""Keys of the cache: SHA-256 over everything that an entry depends on, each part with its length."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from ringfence import __version__
from ringfence.errors import Diagnostic
from ringfence.language.tree import SourceFile
from ringfence.resources import rego_root

__all__ = ["code_key", "joined_key", "raw_key", "sources_key"]

_FORMAT: Final = "1"
# What can change how documents are read, lowered or emitted.
_LIBRARIES: Final = frozenset(
    ["cel_python", "google_re2", "jinja2", "lark", "orjson", "pydantic", "pydantic_core", "pyyaml"]
)


def joined_key(label: str, *parts: bytes) -> bytes:
    """Join parts to one key; the label keeps kinds of entries apart."""
    state = hashlib.sha256()
    for part in (label.encode(), *parts):
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()


def sources_key(label: str, base: bytes, files: Iterable[SourceFile]) -> bytes:
    """Return the key of these files, their names and bytes, on top of `base`."""
    parts = [base]
    for file, raw in files:
        parts += [os.fsencode(file), *_state(raw)]
    return joined_key(label, *parts)


def raw_key(raw: bytes | Diagnostic | None) -> bytes:
    """Return the key of a file that a policy names: its bytes, why they can't be had, or its absence."""
    return b"absent" if raw is None else joined_key("file", *_state(raw))


def _state(raw: bytes | Diagnostic) -> tuple[bytes, bytes]:
    return (b"", repr(raw).encode()) if isinstance(raw, Diagnostic) else (b"bytes", raw)


@cache
def code_key() -> bytes:
    """Return the key of ringfence itself: its version, its files, Python and the libraries."""
    parts = [_FORMAT, __version__, sys.version, *_libraries()]
    here = Path(__file__).resolve().parents[1]
    content = [*_files(here), *_files(Path(str(rego_root())))]
    return joined_key("code", *(part.encode() for part in parts), *content)


def _files(folder: Path) -> Iterator[bytes]:
    """Yield name and bytes of every file below a folder, in order, without compiled Python."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(parent, name)
            yield os.fsencode(os.path.relpath(path, folder))
            with open(path, "rb") as file:
                yield file.read()


def _libraries() -> list[str]:
    """List the libraries with their versions, by the names of their folders of metadata."""
    found = set()
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info"):
                library = re.sub(r"[-_.]+", "_", name.partition("-")[0]).lower()
                found |= {name} if library in _LIBRARIES else set()
    return sorted(found)
