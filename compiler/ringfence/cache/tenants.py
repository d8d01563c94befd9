"""What is known of tenants: outlines, shares and units, by key."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

from ringfence.cache.archive import Archive, read_archive, write_archive
from ringfence.cache.form import (
    Outline,
    Share,
    parts_of,
    read_outline,
    read_share,
    read_unit,
    shared_parts,
    write_outline,
    write_share,
    write_unit,
)
from ringfence.cache.keys import joined_key
from ringfence.cache.store import Store
from ringfence.emit.tenant import TenantUnit
from ringfence.errors import RingfenceError

__all__ = ["TenantCache"]

T = TypeVar("T")


@dataclass(slots=True)
class TenantCache:
    """What earlier runs knew; what this one learns is written when it ends.

    `run` names the command and the repository: what their last runs used is kept.
    """

    store: Store = field(default_factory=Store)
    run: str = ""
    _new: dict[bytes, bytes] = field(default_factory=dict)
    _used: set[bytes] = field(default_factory=set)

    @property
    def notes(self) -> list[str]:
        """Say what was wrong with the file, in a line each."""
        return self.store.notes

    def outlines(self, keys: Mapping[str, bytes]) -> dict[str, Outline]:
        """Return the outlines that are known, by tenant; `keys` are by tenant too."""
        return self._read("outline", keys, read_outline)

    def shares(self, keys: Mapping[str, bytes]) -> dict[str, Share]:
        """Return the shares that are known, by tenant."""
        return self._read("share", keys, read_share)

    def units(self, keys: Mapping[str, bytes]) -> dict[str, TenantUnit]:
        """Return the units that are known whole, by tenant."""
        raw = self._read("unit", keys, bytes)
        parts = self._fetch({key for one in raw.values() for key in parts_of(one)})
        needed = ((name, one, set(parts_of(one))) for name, one in raw.items())
        return {
            name: read_unit(one, parts=parts) for name, one, due in needed if due <= parts.keys()
        }

    def archives(self, keys: Mapping[str, bytes]) -> dict[str, Archive]:
        """Return the bundles that were written before, by label."""
        return self._read("archive", keys, read_archive)

    def keep_outline(self, key: bytes, outline: Outline) -> None:
        """Keep an outline."""
        self._keep(joined_key("outline", key), write_outline(outline))

    def keep_share(self, key: bytes, share: Share) -> None:
        """Keep a share."""
        self._keep(joined_key("share", key), write_share(share))

    def keep_unit(self, key: bytes, unit: TenantUnit) -> None:
        """Keep a unit, and once for all tenants the parts that several share."""
        keys = {}
        for name, content in shared_parts(unit).items():
            keys[name] = joined_key("part", content)
            self._keep(keys[name], content)
        self._keep(joined_key("unit", key), write_unit(unit, parts=keys))

    def keep_archive(self, key: bytes, archive: Archive) -> None:
        """Keep what was written, in place of what was kept under this key."""
        full = joined_key("archive", key)
        self._used.discard(full)
        self._keep(full, write_archive(archive))

    def _read(
        self, label: str, keys: Mapping[str, bytes], understand: Callable[[bytes], T]
    ) -> dict[str, T]:
        full = {joined_key(label, key): name for name, key in keys.items()}
        return {full[key]: understand(raw) for key, raw in self._fetch(full).items()}

    def _fetch(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        found = self.store.read(keys)
        self._used.update(found)
        return found

    def _keep(self, key: bytes, value: bytes) -> None:
        if key not in self._used and self.store.connection is not None:
            self._used.add(key)
            self._new[key] = value

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._new and (error is None or isinstance(error, RingfenceError)):
            self.store.write(self._new, run=self.run, used=self._used)
        self.store.close()
