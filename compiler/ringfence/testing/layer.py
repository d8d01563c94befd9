"""The bundle files that a test's layer is decided by: all rules enforced, or a release's own levels."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from ringfence.build import build_policy
from ringfence.bundle.live import live_files
from ringfence.check.compiled import Compiled
from ringfence.check.trust import exception_documents, revocation_documents
from ringfence.ir.rule import Level
from ringfence.pipeline import emit_tenants
from ringfence.release.layer import ReleaseLayer, release_layer
from ringfence.release.levels import LevelTable
from ringfence.testing.trial import ENFORCED
from ringfence.trust.revocation import compile_revocations
from ringfence.trust.waiver import compile_waivers

__all__ = ["environment_of", "layer_files"]

_ENVIRONMENT = "test"
_EARLIEST, _LATEST = 10**17, 2**63 - 1


def environment_of(layer: str) -> str:
    """Return the environment that tokens of a layer's tests are for."""
    return layer.partition("/")[2] if layer != ENFORCED else _ENVIRONMENT


def layer_files(
    compiled: Compiled, layer: str, *, tenants: Collection[str], trust: Mapping[str, object]
) -> dict[str, bytes]:
    """Return policy and live bundle of a layer, for these tenants, with test keys among its keys.

    The live bundle holds always, so that a test's clock may stand anywhere.
    """
    release = _layer(compiled, layer)
    release = replace(release, trust={**release.trust, **trust})
    units = emit_tenants(
        [tenant for tenant in compiled.tenants if tenant.name in tenants],
        platform=compiled.platform,
    )
    build = build_policy(compiled, units, layer=release)
    points = {name: program.point for name, program in compiled.platform.points.items()}
    live = live_files(
        serial=1,
        not_before=_EARLIEST,
        not_after=_LATEST,
        exceptions=compile_waivers(exception_documents(compiled), points=points),
        revoked=compile_revocations(revocation_documents(compiled)),
        stepdowns={},
        releases={release.bundle: build.release},
    )
    return {**build.files, **live}


def _layer(compiled: Compiled, layer: str) -> ReleaseLayer:
    if layer != ENFORCED:
        name, _, environment = layer.partition("/")
        return release_layer(compiled, release=name, environment=environment)
    return ReleaseLayer(
        bundle="test",
        version="0",
        environment=_ENVIRONMENT,
        levels=LevelTable(default=str(Level.ENFORCE), rules={}),
        trust={},
        sliced=False,
        fresh=False,
    )
