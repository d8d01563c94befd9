"""A release in one environment: levels, trust, freshness."""

from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.check.compiled import Overview
from ringfence.errors import UsageError
from ringfence.language.kinds.release import Release
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.release.levels import LevelTable, level_table
from ringfence.release.record import read_record, record_path
from ringfence.trust.root import compile_trust

__all__ = ["ReleaseLayer", "release_layer", "trust_data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLayer:
    """The second, thin layer of a bundle: where it is for, and how far each rule counts there."""

    bundle: str
    version: str
    environment: str
    levels: LevelTable
    trust: Mapping[str, object]
    fresh: bool
    sliced: bool

    def data(self) -> dict[str, object]:
        """Return it as `data.ringfence.release`."""
        return {
            "version": self.version,
            "environment": self.environment,
            "levels": self.levels.rules,
            "default_level": self.levels.default,
            "trust": self.trust,
        }


def release_layer(compiled: Overview, *, release: str, environment: str) -> ReleaseLayer:
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
        path = record_path(compiled.project.root, policy.document.file)
        known = read_record(path).get(spec.supersedes, {}).get(environment, {})
    return ReleaseLayer(
        bundle=policy.metadata.name,
        version=spec.version,
        environment=environment,
        levels=level_table(policy, environment, rules=compiled.rules, known=known),
        trust=trust_data(compiled, environment=environment),
        fresh=spec.environments[environment].freshness == "demanded",
        sliced=spec.slice_by == "tenant",
    )


def trust_data(compiled: Overview, *, environment: str) -> dict[str, object]:
    """Return the trust roots' keys that count in an environment, as decisions read them."""
    roots = (policy.spec for policy in compiled.of_kind("TrustRoot"))
    found = (root for root in roots if isinstance(root, TrustRoot))
    return compile_trust(found, environment=environment)


def _release(compiled: Overview, name: str) -> Policy:
    releases = {policy.metadata.name: policy for policy in compiled.of_kind("Release")}
    if name not in releases:
        near = did_you_mean(name, releases)
        hint = f"did you mean `{near}`?" if near else f"releases: {', '.join(releases) or 'none'}"
        raise UsageError(f"no release `{name}`", help=hint)
    return releases[name]
