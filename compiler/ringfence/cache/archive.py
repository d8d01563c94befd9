"""Bundles that were written before: by what they are made of, what they are, and whether they are there."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from ringfence.cache.keys import code_key, joined_key
from ringfence.emit.tenant import TenantUnit, json_bytes

__all__ = ["Archive", "ArchiveKeys", "archive_key", "read_archive", "write_archive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A bundle's digests and revision, and size and SHA-256 of its archive."""

    content: str
    release: str
    revision: str
    size: int
    digest: str

    def is_at(self, path: Path) -> bool:
        """Tell whether a file holds this archive, to the byte."""
        try:
            if path.is_symlink() or path.stat().st_size != self.size:
                return False
            return hashlib.sha256(path.read_bytes()).hexdigest() == self.digest
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class ArchiveKeys:
    """Keys of bundles that have platform, release and signing key in common."""

    base: bytes

    def of(self, label: str, units: Sequence[TenantUnit]) -> bytes:
        """Return the key of the bundle of these units."""
        return joined_key("archive", self.base, label.encode(), *map(_unit_key, units))


def archive_key(platform: Mapping[str, bytes], layer: bytes) -> ArchiveKeys:
    """Return the keys under these files of the platform; `layer` is all else that bundles share."""
    files = (part for path in sorted(platform) for part in (path.encode(), platform[path]))
    return ArchiveKeys(joined_key("archives", code_key(), layer, *files))


def _unit_key(unit: TenantUnit) -> bytes:
    parts = [unit.name.encode(), unit.about]
    for group in (unit.params, unit.sources, unit.rows, unit.tables):
        parts += [str(len(group)).encode()]
        parts += [part for name, piece in group.items() for part in (name.encode(), piece)]
    parts += [text.encode() for item in unit.lists.items() for text in item]
    return joined_key("content", *parts)


def write_archive(archive: Archive) -> bytes:
    """Return an archive's description as JSON."""
    return json_bytes(asdict(archive))


def read_archive(raw: bytes) -> Archive:
    """Return the description that JSON holds."""
    return Archive(**orjson.loads(raw))
