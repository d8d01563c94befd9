"""The live bundle: exceptions, revocations and step-downs, which do not wait for a release."""

from collections.abc import Mapping
from typing import Any

import orjson

from ringfence.bundle.manifest import manifest
from ringfence.errors import UsageError

__all__ = ["ROOT", "live_files"]

ROOT = "ringfence/live"
_LATEST = 2**63 - 1
_EARLIEST = 10**17  # 1973; anything below is seconds or milliseconds


def live_files(
    *,
    serial: int,
    not_before: int,
    not_after: int,
    exceptions: Mapping[str, Any],
    revoked: Mapping[str, Any],
    stepdowns: Mapping[str, Any],
    releases: Mapping[str, str],
) -> dict[str, bytes]:
    """Return the unsigned files of a live bundle.

    `serial` grows with each bundle and is its revision. Times are epoch nanoseconds; the bundle
    holds from `not_before` up to, not including, `not_after`. `exceptions` are by point, tenant and
    rule, `revoked` by what is revoked, `stepdowns` by rule; `releases` names the release that each
    bundle must have. Raises UsageError for a serial below 1 and times out of order.
    """
    if serial < 1:
        raise UsageError(f"serial {serial} of the live bundle is below 1", help="count from 1")
    if not _EARLIEST <= not_before < not_after <= _LATEST:
        raise UsageError(
            f"a live bundle cannot hold from {not_before} until {not_after}",
            help="give epoch nanoseconds, and an end after the beginning",
        )
    data = {
        "serial": serial,
        "not_before": not_before,
        "not_after": not_after,
        "exceptions": dict(exceptions),
        "revoked": dict(revoked),
        "stepdowns": dict(stepdowns),
        "releases": dict(releases),
    }
    return {
        ".manifest": manifest(revision=str(serial), roots=[ROOT], metadata={}),
        f"{ROOT}/data.json": orjson.dumps(data, option=orjson.OPT_SORT_KEYS),
    }
