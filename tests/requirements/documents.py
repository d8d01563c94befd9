"""The signed documents of `repository/`: `python -m tests.requirements.documents` writes them anew."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.requirements.people import IDENTITIES, key_of, trust_root

from ringfence.language.values import parse_timestamp
from ringfence.trust.exception import sign_exception
from ringfence.trust.written import read_exception, with_approval, write_document

__all__ = ["REPOSITORY", "exception_spec", "signed_exception", "unsigned_exception"]

REPOSITORY = Path(__file__).with_name("repository")
_SIGNED = parse_timestamp("2026-10-01T00:00:00Z")
# Name: what is different about it.
_EXCEPTIONS: Mapping[str, Mapping[str, Any]] = {
    "EXC-1": {},
    "EXC-9": {"match": {"facts.pipeline.id": ["revoked-backfill"]}},
    "EXC-old": {
        "match": {"facts.pipeline.id": ["renewed-backfill"]},
        "starts_at": "2026-10-20T00:00:00Z",
        "expires_at": "2026-11-10T00:00:00Z",
    },
    "EXC-new": {"match": {"facts.pipeline.id": ["renewed-backfill"]}, "renews": "EXC-old"},
    "EXC-scanned": {
        "at": ["runner.deploy"],
        "match": {
            "facts.pipeline.id": ["scanned-backfill"],
            "facts.scan.digest": ["sha256:5f1d"],
        },
    },
    "EXC-lapsed": {
        "match": {"facts.pipeline.id": ["lapsed-backfill"]},
        "starts_at": "2026-10-20T00:00:00Z",
        "expires_at": "2026-11-10T00:00:00Z",
    },
}


def exception_spec(**changes: object) -> dict[str, object]:
    """Return the spec of an exception from the monthly quota, with changes; `None` leaves one out."""
    spec: dict[str, object] = {
        "lifts": ["runner.quota.monthly-hours"],
        "at": ["runner.deploy", "runner.start"],
        "match": {"facts.pipeline.id": ["orders-backfill"]},
        "ceiling": {"facts.usage.class_hours_after": "140h"},
        "starts_at": "2026-11-15T00:00:00Z",
        "expires_at": "2026-12-05T00:00:00Z",
        "requester": IDENTITIES["maria"],
        "business_justification": "Orders were lost and are loaded again.",
        "risk_analysis": "Same image and data as every day; only hours rise.",
        "cost_plan": {
            "extra": "40h",
            "cost_center": "CC-1",
            "agreed_with": "user:finops@acme.example",
        },
    }
    return {name: value for name, value in {**spec, **changes}.items() if value is not None}


def unsigned_exception(name: str, **changes: object) -> str:
    """Return an exception of acme as YAML, without an approval."""
    metadata = {"name": name, "scope": "tenant/acme", "owner": "acme"}
    return write_document("Exception", metadata=metadata, spec=exception_spec(**changes))


def signed_exception(name: str, *, kid: str = "lee", **changes: object) -> str:
    """Return an exception of acme as YAML, approved with a key."""
    document = read_exception(f"{name}.yaml", unsigned_exception(name, **changes).encode())
    by = IDENTITIES[kid]
    token = sign_exception(document, by=by, key=key_of(kid), kid=kid, signed_at=_SIGNED)
    return with_approval(document, by=by, token=token)


def _write() -> None:
    (REPOSITORY / "platform/trust.yaml").write_text(trust_root())
    for name, changes in _EXCEPTIONS.items():
        text = signed_exception(name, **changes)
        (REPOSITORY / f"exceptions/acme/{name}.yaml").write_text(text)


if __name__ == "__main__":
    _write()
