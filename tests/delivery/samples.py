"""Records as a runner delivers them."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run_signature import sign_run

RUNNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))


def run_body(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return what a runner reports of a run of tenant `example`."""
    return {
        "run_id": f"run-{number}",
        "tenant": "example",
        "runner": {"class": "container", "size": "medium", "network_profile": "private_vpc"},
        "images": [{"name": "base", "digest": "sha256:" + "5" * 64}],
        "drivers": [],
        "secrets": [],
        "checks": [{"id": "runner.timeout", "outcome": "passed", "decision_id": f"d-{number}"}],
        "approvals": [],
        **changes,
    }


def signed_run(
    number: int = 0,
    *,
    key: Ed25519PrivateKey = RUNNER,
    name: str = "pool-1",
    **changes: Any,
) -> Record:
    """Return the signed record of a run."""
    made = make_record(RecordKind.RUN, run_body(number, **changes))
    return sign_run(made, runner=name, key=key)


def lines(*records: Record) -> bytes:
    """Return records as a body, one a line."""
    return b"".join(one.data + b"\n" for one in records)
