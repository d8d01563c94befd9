"""One request on the real OPA, in every environment of a release."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ringfence.build import Build, build_live, build_policy
from ringfence.check.compiled import Compiled
from ringfence.errors import UsageError
from ringfence.language.kinds.release import Release
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import emit_tenants
from ringfence.release.layer import release_layer

__all__ = ["bundle_files", "evaluate", "loaded_files", "read_request", "release_build"]

_MOST = 1 << 20
_WEEK = 7 * 86_400
_NS = 1_000_000_000


def read_request(raw: bytes) -> dict[str, Any]:
    """Return a request; raise UsageError for what is none. Numbers keep their text."""
    if len(raw) > _MOST:
        raise UsageError(f"the request has {len(raw)} bytes, more than {_MOST}")
    try:
        request = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the request is not JSON: {error}", help="send one JSON object") from None
    if not isinstance(request, dict):
        raise UsageError("the request is not a JSON object", help="send point, tenant and facts")
    for member in ("point", "tenant", "facts"):
        if member not in request:
            raise UsageError(
                f"the request has no `{member}`",
                help='it looks like {"point": "runner.deploy", "tenant": "acme", "facts": {…}}',
            )
    return request


def release_build(
    compiled: Compiled, *, release: str, environment: str, tenants: Sequence[str] = ()
) -> Build:
    """Return a release's bundle in an environment, of all tenants unless some are named."""
    layer = release_layer(compiled, release=release, environment=environment)
    chosen = [t for t in compiled.tenants if not tenants or t.name in tenants]
    return build_policy(compiled, emit_tenants(chosen, platform=compiled.platform), layer=layer)


def bundle_files(
    compiled: Compiled, *, release: str, environment: str, tenants: Sequence[str] = ()
) -> dict[str, bytes]:
    """Return the files of a policy bundle and its live bundle, as a harness loads them."""
    build = release_build(compiled, release=release, environment=environment, tenants=tenants)
    return loaded_files(compiled, build)


def loaded_files(compiled: Compiled, build: Build) -> dict[str, bytes]:
    """Return a bundle's files with those of a live bundle beside it, as a harness loads them."""
    live = build_live(
        compiled,
        environment=build.environment,
        serial=1,
        not_before=compiled.now - _WEEK,
        not_after=compiled.now + _WEEK,
        releases={build.name: build.release},
    )
    return {**build.files, **{path: data for path, data in live.items() if path != ".manifest"}}


def evaluate(
    compiled: Compiled,
    request: Mapping[str, Any],
    *,
    release: str,
    environments: Sequence[str],
    now: int,
) -> dict[str, dict[str, Any]]:
    """Return the decision in each environment; `now` is in epoch seconds."""
    policy = _release(compiled, release)
    spec = policy.spec
    assert isinstance(spec, Release)
    decisions = {}
    for environment in environments or tuple(spec.environments):
        files = bundle_files(compiled, release=policy.metadata.name, environment=environment)
        with PolicyServer(files) as server:
            decision = server.decide([(dict(request), now * _NS)])[0]
        decisions[environment] = decision or {
            "action": "block",
            "allowed": False,
            "evaluated": False,
        }
    return decisions


def _release(compiled: Compiled, name: str):  # type: ignore[no-untyped-def] # a Policy
    releases = {policy.metadata.name: policy for policy in compiled.of_kind("Release")}
    if name in releases:
        return releases[name]
    if not name and len(releases) == 1:
        return next(iter(releases.values()))
    problem = f"no release `{name}`" if name else "which release?"
    raise UsageError(problem, help=f"give --release: {', '.join(releases) or 'none'}")
