"""A body of each kind of record that others make, as its producer writes it."""

import copy
import hashlib
from typing import Any, Final

from tests.change.samples import BUILD
from tests.evidence.samples import KEY
from tests.evidence.test_run import REPORT, USE

from ringfence.change.record import change_record
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run import close_run
from ringfence.evidence.run_signature import sign_run

__all__ = ["BODIES", "body_of", "sample"]

_DIGEST = f"sha256:{'0a' * 32}"
_HEX = hashlib.sha256(b"token").hexdigest()
_KEY = "WWpn_pfHui9YKR4CZtQsDGMu7_Gch2zYChfSvnxgtPk"
_GRANT: dict[str, Any] = {
    "tenant": "acme",
    "requester": "user:maria@acme.example",
    "by": "user:lee@platform.example",
    "from": 1_795_000_000,
    "until": 1_795_211_811,
    "kid": "lee-2026",
    "key": _KEY,
    "token_sha256": _HEX,
}
BODIES: Final[dict[RecordKind, dict[str, Any]]] = {
    RecordKind.RUN: sign_run(close_run(REPORT, decisions=[USE]), runner="runner-7", key=KEY).body,
    RecordKind.CHANGE: change_record(BUILD).body,
    RecordKind.APPROVAL: {
        **_GRANT,
        "id": "app-5a95",
        "rules": ["runner.approval.dedicated"],
        "point": "runner.deploy",
        "environment": "prod",
        "facts": _DIGEST,
    },
    RecordKind.EXCEPTION: {
        **_GRANT,
        "id": "EXC-2041",
        "rules": ["runner.quota.monthly-hours"],
        "points": ["runner.deploy"],
        "match": ["runner.class"],
        "ceiling": ["run.estimate"],
        "signed_at": 1_794_990_000,
        "reason": "Re-run of 12 days lost in OUT-88.",
        "risk_analysis": "Other runs of the tenant may wait.",
        "cost_plan": {
            "extra": "140 h",
            "cost_center": "CC-7",
            "agreed_with": "user:kim@acme.example",
        },
        "renews": None,
        "document_sha256": _HEX,
    },
    RecordKind.REVIEW: {
        "review_id": "rev-1",
        "decision_id": "decision-0",
        "tenant": "acme",
        "trace_id": "trace-0",
        "class": "false_positive",
        "reviewer": "user:kim@acme.example",
        "at": "2026-11-21T09:00:00Z",
        "note": "The limit is too low for backfills.",
        "observed": [{"name": "run.timeout", "value": 9000}],
    },
    RecordKind.EXPLANATION: {
        "explanation_id": "exp-1",
        "trace_id": "trace-0",
        "decision_id": "decision-0",
        "tenant": "acme",
        "agent_id": None,
        "by": "service:explainer@acme.example",
        "summary": "The timeout was over the limit.",
        "action": "block",
        "generated_at": "2026-11-21T09:00:00.25Z",
        "factors": [
            {
                "name": "runner.timeout",
                "weight": 0.5,
                "contribution": -1,
                "evidence": "tenants/acme/runners.yaml:37:3",
                "confidence": 1,
            }
        ],
    },
    RecordKind.LINEAGE: {
        "lineage_id": "lin-1",
        "trace_id": "trace-0",
        "decision_id": "decision-0",
        "tenant": "acme",
        "subject_type": "dataset",
        "subject_id": "orders",
        "operation": "join",
        "recorded_at": "2026-11-21T09:00:00Z",
        "input_refs": ["dataset:raw-orders@7"],
        "output_refs": ["dataset:orders@8"],
        "parent_lineage_ids": ["lin-0"],
    },
    RecordKind.GAP: {
        "cause": "no_decision",
        "principal": "runner-7",
        "tenant": "acme",
        "decision_id": "decision-9",
        "run_id": "run-9",
    },
    RecordKind.RETENTION_EVENT: {
        "event": "erase",
        "id": "0f" * 16,
        "tenant": "acme",
        "periods": ["2026-11", "undated"],
        "scope": "subject",
        "keys": 2,
        "facts": 9,
        "by": "dpo@acme.example",
        "reason": "request 17",
        "timestamp": "2026-11-21T09:00:00Z",
        "root": _HEX,
        "size": 7,
    },
    RecordKind.EXPORT_EVENT: {
        "tenant": "acme",
        "by": "auditor@example.com",
        "key": _KEY,
        "timestamp": "2026-11-21T09:00:00Z",
        "profile": "plain",
        "policy_sha256": None,
        "selection": {"start": 3, "end": None, "ids": ["decision-0"]},
        "views": ["ocsf"],
        "size": 7,
        "statement_sha256": _HEX,
    },
}


def body_of(kind: RecordKind, **changes: Any) -> dict[str, Any]:
    """Return a body of a kind with some members changed."""
    return {**copy.deepcopy(BODIES[kind]), **changes}


def sample(kind: RecordKind, **changes: Any) -> Record:
    """Return a record of a kind with some members changed."""
    return make_record(kind, body_of(kind, **changes))
