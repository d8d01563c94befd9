"""Where the cache is: a folder of the user's own, which no one else may write to."""

import os
from collections.abc import Mapping
from pathlib import Path

from ringfence.cache.store import Store, open_store
from ringfence.cache.tenants import TenantCache

__all__ = ["cache_folder", "open_cache"]


def open_cache(environ: Mapping[str, str], *, root: Path, command: str) -> TenantCache:
    """Open the user's cache for one run of a command over the repository at `root`.

    Where there can be none, the cache is empty and keeps nothing; its notes say why.
    """
    folder = cache_folder(environ)
    store = open_store(folder) if folder else Store()
    return TenantCache(store=store, run=f"{command} {root.resolve()}")


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder that `RINGFENCE_CACHE` or the XDG base directories name; None for `off`."""
    named = environ.get("RINGFENCE_CACHE", "")
    if named:
        return None if named == "off" else Path(named)
    base = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "ringfence"
    home = environ.get("HOME", "")
    return Path(home) / ".cache" / "ringfence" if os.path.isabs(home) else None
