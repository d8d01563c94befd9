"""The bundles that decided, by revision."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.bundle.archive import unpack
from ringfence.bundle.error import BundleError
from ringfence.bundle.sign import verify_signature
from ringfence.decision_log.exact_json import JsonError, parse_json
from ringfence.errors import UsageError

__all__ = ["Shelf", "read_shelf"]

Shelf = Mapping[str, Mapping[str, bytes]]
"""The files of each bundle by its revision."""


def read_shelf(
    archives: Sequence[Path],
    *,
    keys: Mapping[str, ec.EllipticCurvePublicKey],
    wanted: Mapping[str, frozenset[str]],
) -> Shelf:
    """Return the bundles of some archives whose revision is wanted; the others are left out.

    `wanted` says under which names decisions have recorded a revision. Where there are keys, a bundle is
    verified as OPA would under one of these names. Raise UsageError for an archive that cannot be read or
    is not verified, and for two that claim one revision with different files.
    """
    found: dict[str, Mapping[str, bytes]] = {}
    for path in archives:
        try:
            files = unpack(path.read_bytes())
            revision = _revision(files)
            if revision not in wanted:
                continue
            _verify(files, keys=keys, scopes=wanted[revision])
        except (OSError, BundleError, JsonError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            hint = "pass an archive as `ringfence build` wrote it, and its key"
            raise UsageError(f"`{path}` cannot be used: {said}", help=hint) from None
        content = {name: data for name, data in files.items() if not name.startswith(".")}
        if found.setdefault(revision, content) != content:
            raise UsageError(f"`{path}` has other files than another archive of its revision")
    return found


def _verify(
    files: Mapping[str, bytes],
    *,
    keys: Mapping[str, ec.EllipticCurvePublicKey],
    scopes: frozenset[str],
) -> None:
    problem: BundleError | None = None
    for scope in sorted(scopes) if keys else ():
        try:
            verify_signature(files, keys=keys, scope=scope)
            return
        except BundleError as error:
            problem = error
    if problem is not None:
        raise problem


def _revision(files: Mapping[str, bytes]) -> str:
    manifest = parse_json(files.get(".manifest", b"{}"))
    revision = manifest.get("revision") if isinstance(manifest, dict) else None
    if not isinstance(revision, str) or not revision:
        raise JsonError("its manifest names no revision")
    return revision
