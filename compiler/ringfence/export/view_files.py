"""Views in a package: written from its records, and compared with them when it is verified."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ringfence.evidence.error import VerifyError
from ringfence.export.contents import SignedContents
from ringfence.export.layout import VIEWS as FOLDER
from ringfence.ledger.search import Placed
from ringfence.views.table import VIEWS

__all__ = ["require_views", "unknown_views", "view_files"]


def view_files(names: Iterable[str], *, records: Sequence[Placed], origin: str) -> dict[str, bytes]:
    """Return the views as files of a package."""
    return {
        FOLDER + VIEWS[name].file: b"".join(VIEWS[name].lines(records, origin=origin))
        for name in sorted(set(names))
    }


def require_views(files: SignedContents, *, records: Sequence[Placed], origin: str) -> None:
    """Derive each view anew; raise VerifyError, RF966 where it is not what the package holds."""
    said: Mapping[str, Any] = files.said["views"]
    if not all(name in VIEWS and type(version) is int for name, version in said.items()):
        raise VerifyError("RF927", "the statement names views that are none")
    if {name for name in files.names if name.startswith(FOLDER)} != {
        FOLDER + VIEWS[name].file for name in said
    }:
        raise VerifyError("RF927", "the statement does not name the files in `views/`")
    for name in sorted(said.keys() - _unknown(said)):
        digest = hashlib.sha256()
        for line in VIEWS[name].lines(records, origin=origin):
            digest.update(line)
        if not files.is_signed(FOLDER + VIEWS[name].file, digest.hexdigest()):
            raise VerifyError("RF966", f"the view `{name}` does not follow from the records")


def _unknown(said: Mapping[str, Any]) -> frozenset[str]:
    """Return the views that are written in another version than the one known here."""
    return frozenset(name for name in said if said[name] != VIEWS[name].version)


def unknown_views(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which views are not shown to follow from the records."""
    return tuple(
        f"that the view `{name}` follows from the records: its version {said[name]} is not known here"
        for name in sorted(_unknown(said))
    )
