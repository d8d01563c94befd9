"""Decision-log events as OPA uploads them."""

from datetime import UTC, datetime
from typing import Any

from tests.evidence.samples import decision

NOW = datetime.now(UTC).isoformat().replace("+00:00", "Z")
REVISION = "runtime/prod@sha256:8f16+sha256:11aa"


def logged(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return an event of a decision for tenant `example` in `prod`."""
    return {
        "labels": {"bundle": "runtime", "environment": "prod", "id": "opa-1", "version": "1.22.0"},
        "decision_id": f"{number:08d}-0000-4000-8000-000000000000",
        "bundles": {"live": {"revision": "17"}, "runtime": {"revision": REVISION}},
        "path": "ringfence/main/decision",
        "input": {"facts": {"runner": {"class": "container"}}, "point": "runner.start", "tenant": "example"},
        "result": decision(),
        "timestamp": NOW,
        **changes,
    }  # fmt: skip


def asked_for(tenant: object) -> dict[str, Any]:
    """Return the input of a request for a tenant."""
    return {"facts": {}, "point": "runner.start", "tenant": tenant, "trace_id": "trace-0"}
