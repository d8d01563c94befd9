"""Tell whether a decision was made under the policy at hand."""

from collections.abc import Mapping
from typing import Any

from ringfence.build import build_policy
from ringfence.check.compiled import Compiled
from ringfence.errors import UsageError
from ringfence.pipeline import emit_tenants
from ringfence.release.layer import release_layer

__all__ = ["is_same_policy"]


def is_same_policy(compiled: Compiled, decision: Mapping[str, Any], *, tenant: str) -> bool:
    """Compare the content digest with those of the gateway's bundle and of the tenant's slice."""
    policy = decision.get("policy") or {}
    try:
        layer = release_layer(
            compiled,
            release=str(policy.get("bundle", "")),
            environment=str(policy.get("environment", "")),
        )
    except UsageError:
        return False
    units = emit_tenants(compiled.tenants, platform=compiled.platform)
    slices = ([unit for unit in units if unit.name == tenant], units)
    digests = [build_policy(compiled, part, layer=layer).content for part in slices]
    return str(policy.get("content", "")) in digests
