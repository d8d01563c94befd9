"""From a checked repository to the files of its bundles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ringfence.bundle.archive import pack
from ringfence.bundle.digest import digest
from ringfence.bundle.live import live_files
from ringfence.bundle.manifest import manifest
from ringfence.bundle.sign import sign
from ringfence.check.compiled import Overview
from ringfence.check.trust import exception_documents, revocation_documents
from ringfence.custody.signer import P256Signer
from ringfence.emit.files import ROOTS, about_file, platform_files, policy_files
from ringfence.emit.tenant import TenantUnit
from ringfence.release.layer import ReleaseLayer
from ringfence.release.step_downs import compile_step_downs
from ringfence.trust.revocation import compile_revocations
from ringfence.trust.waiver import compile_waivers

__all__ = ["Build", "build_live", "build_policy", "signed_archive"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A bundle's files without manifest and signature, and its two digests."""

    name: str
    environment: str
    content: str
    release: str
    files: Mapping[str, bytes]
    roots: tuple[str, ...]

    @property
    def revision(self) -> str:
        """Return the revision that OPA writes into every decision-log event."""
        return f"{self.name}/{self.environment}@{self.content}+{self.release}"


def build_policy(
    compiled: Overview,
    units: Sequence[TenantUnit],
    *,
    layer: ReleaseLayer,
    platform: Mapping[str, bytes] | None = None,
) -> Build:
    """Emit a policy bundle for these tenants: all of them for a gateway, one for a slice.

    `platform` are the files that all bundles of this layer share (`platform_files`), emitted here unless given.
    """
    points = compiled.platform.points
    shared = platform_files(points, fresh=layer.fresh) if platform is None else platform
    files = policy_files(points, units, release=layer.data(), platform=shared)
    content, release = digest(files.content), digest(files.release)
    policy = {
        "bundle": layer.bundle,
        "content": content,
        "release": release,
        "environment": layer.environment,
    }
    return Build(
        name=layer.bundle,
        environment=layer.environment,
        content=content,
        release=release,
        files={**files.all(), **about_file(policy=policy, points=points)},
        roots=ROOTS,
    )


def build_live(
    compiled: Overview,
    *,
    environment: str,
    serial: int,
    not_before: int,
    not_after: int,
    releases: Mapping[str, str],
) -> dict[str, bytes]:
    """Return an environment's live bundle: exceptions, revocations, step-downs, and for how long.

    Times are epoch seconds. `releases` maps bundle names to the release digest that is in force.
    """
    points = {name: program.point for name, program in compiled.platform.points.items()}
    return live_files(
        serial=serial,
        not_before=not_before * _NS,
        not_after=not_after * _NS,
        exceptions=compile_waivers(exception_documents(compiled), points=points, now=compiled.now),
        revoked=compile_revocations(revocation_documents(compiled)),
        stepdowns=compile_step_downs(compiled, environment=environment),
        releases=releases,
    )


def signed_archive(
    build: Build, *, key: P256Signer | None, keyid: str, scope: str
) -> tuple[dict[str, bytes], bytes]:
    """Return a bundle's complete files and its archive; unsigned only where `key` is None.

    `scope` is the bundle's name in the OPA configuration: it ties the signature to that place, so that
    neither the live bundle nor another tenant's slice can stand in for it.
    """
    metadata = {
        "content": build.content,
        "release": build.release,
        "environment": build.environment,
    }
    files = {
        **build.files,
        ".manifest": manifest(revision=build.revision, roots=build.roots, metadata=metadata),
    }
    if key is not None:
        files[".signatures.json"] = sign(files, key=key, keyid=keyid, scope=scope)
    return files, pack(files)
