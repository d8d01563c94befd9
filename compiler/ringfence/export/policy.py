"""The policy that decided, in a package: bundles whose revision the records name, and YAML sources."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from ringfence.bundle.archive import Limits, unpack
from ringfence.bundle.digest import digest
from ringfence.bundle.error import BundleError
from ringfence.bundle.hash import SIGNATURES
from ringfence.enterprise.standing import rules_in_bundle
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.export.layout import POLICY

__all__ = ["MAX_BUNDLE", "bundle_files", "is_bundle", "revision_of", "rules_of", "source_files"]

MAX_BUNDLE: Final = 16 << 20
"""Bytes of a bundle's archive in a package; a tenant's slice has far fewer."""

_INFLATED: Final = Limits(size=256 << 20)
_NO_CONTENT: Final = frozenset({
    ".manifest", SIGNATURES, "ringfence/about/data.json", "ringfence/release/data.json",
    "ringfence/source/data.json",
})  # fmt: skip
_BUNDLE: Final = re.compile(rf"{POLICY}bundle-[1-9][0-9]*\.tar\.gz")
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
"""Requests may name a tenant otherwise, such as `..`, but no repository has a folder of that name."""

_SHARED: Final = ("platform", "releases", "ringfence.yaml")
_OF_TENANTS: Final = ("tenants", "exceptions")


def bundle_files(
    archives: Iterator[bytes] | tuple[bytes, ...],
    *,
    tenants: frozenset[str],
    revisions: frozenset[str],
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return bundles as files of a package, and the revision of each by name.

    Raise EvidenceError, RF965 for a bundle that no record names or that is damaged, RF960 for one that
    holds another tenant's policy.
    """
    files: dict[str, bytes] = {}
    said: dict[str, str] = {}
    for number, archive in enumerate(archives, start=1):
        try:
            revision, files_of = _read(archive)
        except VerifyError as error:
            raise EvidenceError(error.code, error.message) from None
        if revision not in revisions:
            raise EvidenceError(
                "RF965",
                "a bundle is of a revision that no selected record names",
                help="pass the bundle that was in force when these decisions were made",
            )
        if _tenants(files_of) - tenants:
            raise EvidenceError(
                "RF960",
                "a bundle holds the policy of tenants that the package is not for",
                help="pass the tenant's slice, or `--sources`",
            )
        name = f"{POLICY}bundle-{number}.tar.gz"
        files[name], said[name] = archive, revision
    return files, said


def is_bundle(name: str) -> bool:
    """Tell whether a file of a package has the name of a bundle."""
    return _BUNDLE.fullmatch(name) is not None


def revision_of(archive: bytes) -> str:
    """Return a bundle's revision once both its digests are its files'; raise VerifyError (RF965)."""
    return _read(archive)[0]


def rules_of(archive: bytes, *, tenants: frozenset[str]) -> frozenset[str]:
    """Return the ids of a bundle's rules, shared ones and these tenants' own; raise VerifyError (RF965)."""
    try:
        return rules_in_bundle(_read(archive)[1], tenants=tenants)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise VerifyError("RF965", "a policy bundle is damaged, or none of ringfence's") from None


def source_files(repository: Path, *, tenants: frozenset[str]) -> dict[str, bytes]:
    """Return a policy repository's YAML as files of a package: the platform's, and these tenants' only.

    Raise EvidenceError (RF914) where one cannot be read.
    """
    roots = [repository / name for name in _SHARED]
    named = sorted(tenant for tenant in tenants if _TENANT.fullmatch(tenant))
    roots += [repository / name / tenant for name in _OF_TENANTS for tenant in named]
    found = {path for root in roots for path in _plain(root)}
    try:
        return {
            f"{POLICY}sources/{path.relative_to(repository).as_posix()}": path.read_bytes()
            for path in sorted(found)
        }
    except OSError as error:
        said = f"cannot read `{error.filename}`: {error.strerror}"
        raise EvidenceError("RF914", said) from None


def _plain(root: Path) -> Iterator[Path]:
    """Yield the YAML files below a path, none of them through a link."""
    if root.is_symlink():
        return
    if root.is_file() and root.suffix in (".yaml", ".yml"):
        yield root
    elif root.is_dir():
        for path in root.iterdir():
            if not path.name.startswith("."):
                yield from _plain(path)


def _read(archive: bytes) -> tuple[str, dict[str, bytes]]:
    """Return revision and files of a bundle whose digests have been computed anew."""
    if len(archive) > MAX_BUNDLE:
        raise VerifyError("RF965", "a policy bundle is too large")
    try:
        files = unpack(archive, limits=_INFLATED)
        manifest = orjson.loads(files[".manifest"])
        revision = _revision(files, manifest)
        _tenants(files)
    except (BundleError, KeyError, orjson.JSONDecodeError, TypeError, ValueError):
        raise VerifyError("RF965", "a policy bundle is damaged, or none of ringfence's") from None
    if manifest["revision"] != revision:
        raise VerifyError("RF965", "a policy bundle's files are not those of its revision")
    return revision, files


def _tenants(files: Mapping[str, bytes]) -> frozenset[str]:
    held = orjson.loads(files["ringfence/tenants/data.json"])
    if not isinstance(held, dict):
        raise ValueError("the tenants are no mapping")
    return frozenset(held)


def _revision(files: Mapping[str, bytes], manifest: Any) -> str:
    """Compute the revision of a bundle's files; its name and environment are the manifest's."""
    content = digest({name: files[name] for name in files.keys() - _NO_CONTENT})
    release = digest({name: files[name] for name in ("ringfence/release/data.json",)})
    return f"{manifest['revision'].partition('@')[0]}@{content}+{release}"
