"""The gzip tar of a bundle: the same files give the same bytes, and reading trusts nothing."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringfence.bundle.error import BundleError

__all__ = ["DEFAULT_LIMITS", "Limits", "pack", "unpack"]

_BLOCK = 512
_CHUNK = 1 << 20
_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may hold at most: files, bytes after inflating, and length of a path."""

    files: int = 100_000
    size: int = 1 << 30
    path: int = 1024


DEFAULT_LIMITS = Limits()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a gzip tar of the files, sorted by path, without clock, owner or file name.

    Paths are relative, with forward slashes. The bytes depend on the files and on the zlib that
    compresses, nothing else. Raises BundleError for a path that `unpack` would refuse.
    """
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files):
            _check_path(path, limits=DEFAULT_LIMITS)
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.mtime = len(files[path]), 0o644, 0
            tar.addfile(member, io.BytesIO(files[path]))
    packed = io.BytesIO()
    with gzip.GzipFile(
        filename="", mode="wb", compresslevel=_LEVEL, fileobj=packed, mtime=0
    ) as stream:
        stream.write(raw.getbuffer())
    return packed.getvalue()


def unpack(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, bytes]:
    """Return the files of a gzip tar by path, sorted; nothing is written to disk.

    One leading `/` or `./` is dropped, as `opa build` and `tar` write them. Raises BundleError for
    links, devices, paths outside, repeated paths, trailing bytes, and what exceeds the limits.
    """
    raw = _inflate(data, limits=limits)
    files: dict[str, bytes] = {}
    try:
        for path, content in _members(raw, limits=limits):
            if path in files:
                raise BundleError("RF703", f"the archive holds `{path}` twice")
            files[path] = content
            if len(files) > limits.files:
                raise BundleError("RF702", f"the archive holds more than {limits.files} files")
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise BundleError("RF701", f"not a tar archive: {error}") from None
    return dict(sorted(files.items()))


def _inflate(data: bytes, *, limits: Limits) -> bytes:
    inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    parts, size, rest = [], 0, data
    try:
        while not inflate.eof:
            part = inflate.decompress(rest, _CHUNK)
            rest = inflate.unconsumed_tail
            if not part and not rest and not inflate.eof:
                raise BundleError("RF701", "the archive is cut off")
            parts.append(part)
            size += len(part)
            if size > limits.size:
                raise BundleError("RF702", f"the archive inflates to more than {limits.size} bytes")
    except zlib.error as error:
        raise BundleError("RF701", f"not a gzip archive: {error}") from None
    if inflate.unused_data:
        raise BundleError("RF701", "bytes follow the end of the archive")
    return b"".join(parts)


def _members(raw: bytes, *, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file; directories are skipped.

    A damaged header makes `tarfile` stop silently, so what follows the last member must be zeros.
    """
    end = 0
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
        for member in tar:
            stop = member.offset_data + member.size
            end = member.offset_data if member.isdir() else -(-stop // _BLOCK) * _BLOCK
            if member.isdir():
                continue
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse is not None:
                raise BundleError("RF703", f"`{member.name}` in the archive is not a plain file")
            path = member.name.removeprefix("./") if member.name[:1] == "." else member.name
            path = path.removeprefix("/") if path is member.name else path
            _check_path(path, limits=limits)
            if stop > len(raw):
                raise BundleError("RF701", "the archive is cut off")
            yield path, raw[member.offset_data : stop]
    if len(raw) - end < 2 * _BLOCK or raw.count(0, end) != len(raw) - end:
        raise BundleError("RF701", "the archive is damaged or cut off")


def _check_path(path: str, *, limits: Limits) -> None:
    steps = path.split("/")
    safe = path.isprintable() and "\\" not in path and len(path) <= limits.path
    if not safe or any(step in ("", ".", "..") for step in steps):
        raise BundleError("RF703", f"the archive's path `{path[: limits.path]}` is not allowed")
