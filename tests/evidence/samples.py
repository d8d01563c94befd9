"""Decision-log events as OPA writes them, and a package made of them."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.decision_log.event import LogEvent
from ringfence.evidence.ingest import Tally, decision_records
from ringfence.evidence.records import Record

ORIGIN = "platform.example/runners"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ALLOWED = frozenset({"runner.class", "runner.size", "images.digest"})

REASON = {
    "action": "block",
    "clause": 1,
    "controls": [],
    "escalate_to": "lead@acme.example",
    "fix": "declare run.timeout",
    "level": "enforce",
    "message": "a timeout of 9000 s is over the limit",
    "rule": "runner.timeout",
    "source": "tenants/acme/runners.yaml:37:3",
}


def decision(**changes: Any) -> dict[str, Any]:
    """Return a decision as the bundle gives it: blocked, one rule waived, one approved."""
    return {
        "action": "block",
        "allowed": False,
        "evaluated": True,
        "reasons": [REASON],
        "observed": [],
        "waived": [
            {
                "by": "user:lee@platform.example",
                "exception": "EXC-2041",
                "on_the_word_of": ["caller"],
                "reason": "Re-run of 12 days lost in OUT-88.",
                "rule": "runner.quota.monthly-hours",
                "until": 1796342400,
            }
        ],
        "approvals": [
            {
                "approval": "app-5a95",
                "by": "user:lee@platform.example",
                "rule": "runner.approval.dedicated",
                "until": 1795211811,
            }
        ],
        "obligations": [{"alert": "blocked"}],
        "policy": {
            "bundle": "runtime",
            "content": "sha256:8f16",
            "environment": "prod",
            "release": "sha256:808f",
        },
        **changes,
    }


def event(number: int = 0, **changes: Any) -> LogEvent:
    """Return one event; `facts` replaces those of the request."""
    facts = changes.pop(
        "facts",
        {
            "runner": {"class": "container", "size": "medium"},
            "images": [{"repository": "registry.internal/acme", "digest": "sha256:5f1d"}],
            "run": {"estimate": 1924},
        },
    )
    given: dict[str, Any] = {
        "decision_id": f"decision-{number}",
        "timestamp": "2026-11-20T20:56:51.685148792Z",
        "time_ns": 1795208211685148792,
        "path": "ringfence/main/decision",
        "input": {
            "point": "runner.start",
            "tenant": "acme",
            "facts": facts,
            "trace_id": f"trace-{number}",
        },
        "result": decision(),
        "bundles": {"runtime": "runtime/prod@sha256:8f16"},
        "labels": {"id": "3fe916c3", "version": "1.22.0", "environment": "prod"},
        "erased": ("/input/approvals",),
        "file": "decisions.jsonl",
        "line": number + 1,
    }
    return LogEvent(**{**given, **changes})


def records(events: Sequence[LogEvent]) -> list[Record]:
    """Return the records of events that are all sound."""
    tally = Tally()
    found = list(decision_records(events, allowed_facts=ALLOWED, tally=tally))
    assert tally.findings == []
    return found
