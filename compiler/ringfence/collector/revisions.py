"""Which bundle revisions are in use: those that were named, and those that builds have printed."""

import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from ringfence.errors import UsageError

__all__ = ["KnownRevisions"]

_LIVE: Final = "live"
_MAX_FILE: Final = 64 << 20


class KnownRevisions:
    """Revisions by files that may grow while the collector runs: they are read again when they change."""

    def __init__(self, *, known: Iterable[str], files: Sequence[Path]) -> None:
        """Read the files; raise UsageError for one that is not what `build --format json` prints."""
        self._named, self._files = frozenset(known), tuple(files)
        self._read: dict[Path, tuple[tuple[int, int], frozenset[str]]] = {}
        self._lock = threading.Lock()
        for file in self._files:
            self._refresh(file)

    def has(self, bundles: Mapping[str, str]) -> bool:
        """Tell whether every policy bundle of an event is known, and there is one.

        The live bundle's revision is a serial number that grows every few minutes; its signature and
        its times are OPA's to judge.
        """
        policy = {name: one for name, one in bundles.items() if name != _LIVE}
        live = bundles.get(_LIVE, "0")
        if not policy or not (live.isascii() and live.isdigit()):
            return False
        return all(map(self._knows, policy.values()))

    def _knows(self, revision: str) -> bool:
        if self._in_hand(revision):
            return True
        with self._lock:
            for file in self._files:
                with contextlib.suppress(UsageError):  # half-written: the next event asks again
                    self._refresh(file)
        return self._in_hand(revision)

    def _in_hand(self, revision: str) -> bool:
        return revision in self._named or any(revision in one for _, one in self._read.values())

    def _refresh(self, file: Path) -> None:
        try:
            status = file.stat()
            mark = (status.st_mtime_ns, status.st_size)
            if file in self._read and self._read[file][0] == mark:
                return
            if status.st_size > _MAX_FILE:
                raise ValueError
            self._read = {**self._read, file: (mark, _revisions(orjson.loads(file.read_bytes())))}
        except (OSError, ValueError, KeyError, TypeError):
            hint = "keep what `ringfence build --format json` prints"
            raise UsageError(f"`{file}` lists no bundles", help=hint) from None


def _revisions(printed: Any) -> frozenset[str]:
    found = frozenset(one["revision"] for one in printed["bundles"])
    if not all(isinstance(one, str) for one in found):
        raise TypeError
    return found
