"""From a checked repository to the files of its bundles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from ringfence.bundle.archive import pack
from ringfence.bundle.digest import digest
from ringfence.bundle.live import live_files
from ringfence.bundle.manifest import manifest
from ringfence.bundle.sign import sign
from ringfence.check.compiled import Compiled
from ringfence.check.trust import exception_documents, revocation_documents
from ringfence.emit.files import ROOTS, about_file, policy_files
from ringfence.emit.tenant import TenantUnit
from ringfence.errors import UsageError
from ringfence.language.kinds.release import Release
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.release.levels import LevelTable, level_table
from ringfence.release.record import read_record, record_path
from ringfence.trust.revocation import compile_revocations
from ringfence.trust.root import compile_trust
from ringfence.trust.waiver import compile_waivers

__all__ = ["Build", "ReleaseLayer", "build_live", "build_policy", "release_layer", "signed_archive"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLayer:
    """The second, thin layer of a bundle: where it is for, and how far each rule counts there."""

    bundle: str
    version: str
    environment: str
    levels: LevelTable
    trust: Mapping[str, object]
    fresh: bool

    def data(self) -> dict[str, object]:
        """Return it as `data.ringfence.release`."""
        return {
            "version": self.version,
            "environment": self.environment,
            "levels": self.levels.rules,
            "default_level": self.levels.default,
            "trust": self.trust,
        }


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


def release_layer(compiled: Compiled, *, release: str, environment: str) -> ReleaseLayer:
    """Return a release's layer in one environment; raise UsageError for names that are unknown."""
    policy = _release(compiled, release)
    spec = policy.spec
    assert isinstance(spec, Release)
    if environment not in spec.environments:
        near = did_you_mean(environment, spec.environments)
        hint = (
            f"did you mean `{near}`?" if near else f"environments: {', '.join(spec.environments)}"
        )
        raise UsageError(f"release `{release}` has no environment `{environment}`", help=hint)
    known = None
    if spec.supersedes:
        path = record_path(compiled.repository.project.root, policy.document.file)
        known = read_record(path).get(spec.supersedes, {}).get(environment, {})
    return ReleaseLayer(
        bundle=policy.metadata.name,
        version=spec.version,
        environment=environment,
        levels=level_table(policy, environment, rules=compiled.rules, known=known),
        trust=trust_data(compiled, environment=environment),
        fresh=spec.environments[environment].freshness == "demanded",
    )


def trust_data(compiled: Compiled, *, environment: str) -> dict[str, object]:
    """Return the trust roots' keys that count in an environment, as decisions read them."""
    roots = (policy.spec for policy in compiled.of_kind("TrustRoot"))
    found = (root for root in roots if isinstance(root, TrustRoot))
    return compile_trust(found, environment=environment)


def _release(compiled: Compiled, name: str) -> Policy:
    releases = {policy.metadata.name: policy for policy in compiled.of_kind("Release")}
    if name not in releases:
        near = did_you_mean(name, releases)
        hint = f"did you mean `{near}`?" if near else f"releases: {', '.join(releases) or 'none'}"
        raise UsageError(f"no release `{name}`", help=hint)
    return releases[name]


def build_policy(compiled: Compiled, units: Sequence[TenantUnit], *, layer: ReleaseLayer) -> Build:
    """Emit a policy bundle for these tenants: all of them for a gateway, one for a slice."""
    points = compiled.platform.points
    files = policy_files(points, units, release=layer.data(), fresh=layer.fresh)
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
    compiled: Compiled, *, serial: int, not_before: int, not_after: int, releases: Mapping[str, str]
) -> dict[str, bytes]:
    """Return the live bundle's files: exceptions and revocations in force, and for how long.

    Times are epoch seconds. `releases` maps bundle names to the release digest that is in force.
    """
    points = {name: program.point for name, program in compiled.platform.points.items()}
    return live_files(
        serial=serial,
        not_before=not_before * _NS,
        not_after=not_after * _NS,
        exceptions=compile_waivers(exception_documents(compiled), points=points, now=compiled.now),
        revoked=compile_revocations(revocation_documents(compiled)),
        stepdowns={},
        releases=releases,
    )


def signed_archive(
    build: Build, *, key: EllipticCurvePrivateKey | None, keyid: str, scope: str
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
