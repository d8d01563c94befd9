"""Read policy files: strict YAML to plain data, with the position of every key and value."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any, Final

from ringfence.errors import Diagnostic, Span
from ringfence.language.yaml_block import BlockText, Style
from ringfence.language.yaml_events import Limits, read_events
from ringfence.language.yaml_spans import Path, SpanMap

__all__ = [
    "BlockText",
    "Document",
    "Limits",
    "Path",
    "SpanMap",
    "Style",
    "load",
    "read_bytes",
    "read_document",
]

_BOM: Final = b"\xef\xbb\xbf"
_ORDINARY: Final = bytes([0x09, 0x0A, *range(0x20, 0x7F), *range(0x80, 0x100)])
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufffe\uffff]|\r(?!\n)"
)
# UTF-8 lead bytes under which `_INVISIBLE` has members: U+0080.., U+2000.., U+F000...
_SUSPECT_BYTES = re.compile(rb"\xc2|\xe2\x80|\xe2\x81|\xef")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its data as plain Python, and where each part of it is written.

    `file` is relative to the policy repository's root. `text` is without byte order mark.
    `data` holds str, int, bool, None, `Decimal` (a plain `0.85`), list and dict with str keys,
    and is not to be changed: `spans` are found by its order.
    """

    file: str
    text: str
    data: dict[str, Any]
    spans: SpanMap


def load(
    file: str,
    raw: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Document | tuple[Diagnostic, ...]:
    """Return the document of a file's bytes, or every mistake found in it.

    Accepts the core schema of YAML 1.2.2 (section 10.3) without tags, anchors, aliases,
    directives, duplicate keys and whatever YAML 1.1 parsers read differently.
    """
    if len(raw) > limits.size:
        return (_too_large(file, len(raw), limits),)
    text = _decode(file, raw.removeprefix(_BOM))
    if isinstance(text, Diagnostic):
        return (text,)
    spans = SpanMap(file, text)
    data = read_events(spans, limits=limits)
    if isinstance(data, tuple):
        return data
    assert isinstance(data, dict)  # INVARIANT: read_events refuses any other top
    return Document(file, text, data, spans)


def read_document(
    root: FilePath,
    path: FilePath | str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Document | tuple[Diagnostic, ...]:
    """Read and load one file of the repository at `root`; `path` is relative to it, or below it.

    The size is looked up before a byte is read. A path that leads out of the root, by `..` or
    a symbolic link, and anything that is not a regular file is refused.
    """
    target = root / path
    try:
        file = PurePosixPath(target.relative_to(root)).as_posix()
    except ValueError:
        file = PurePosixPath(path).as_posix()
    raw = read_bytes(root, target, file=file, limits=limits)
    return (raw,) if isinstance(raw, Diagnostic) else load(file, raw, limits=limits)


def read_bytes(
    root: FilePath, target: FilePath, *, file: str, limits: Limits
) -> bytes | Diagnostic:
    """Return the bytes of a regular file below the root; `file` names it in the diagnostic."""
    try:
        real = target.resolve(strict=True)
        if not real.is_relative_to(root.resolve(strict=True)):
            return _unreadable(file, "leads out of the policy repository", "copy the file into it")
        # Never wait for a pipe: the type is known only after opening.
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return _unreadable(file, "is not a regular file", "name a YAML file")
            if status.st_size > limits.size:
                return _too_large(file, status.st_size, limits)
            return stream.read(limits.size + 1)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return _unreadable(
            file, f"cannot be read: {reason.lower()}", "check the path and its permissions"
        )


def _decode(file: str, raw: bytes) -> str | Diagnostic:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return Diagnostic(
            "RF003",
            Span(file, line, column, line, column + 1),
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            "save the file as UTF-8",
        )
    if raw.translate(None, _ORDINARY) or _SUSPECT_BYTES.search(raw):
        found = _INVISIBLE.search(text)
        if found is not None:
            return _invisible(file, text, found)
    return text


def _invisible(file: str, text: str, found: re.Match[str]) -> Diagnostic:
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    name = f"U+{ord(found.group()):04X}"
    return Diagnostic(
        "RF004",
        Span(file, line, column, line, column + 1),
        f"invisible or control character {name}",
        "remove it; lines end with LF or CRLF",
    )


def _too_large(file: str, size: int, limits: Limits) -> Diagnostic:
    return Diagnostic(
        "RF002",
        Span(file, 1, 1, 1, 1),
        f"the file has {size} bytes, more than {limits.size}",
        "split it into several files",
    )


def _unreadable(file: str, reason: str, help_text: str) -> Diagnostic:
    return Diagnostic("RF001", Span(file, 1, 1, 1, 1), f"`{file}` {reason}", help_text)
