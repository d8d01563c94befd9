"""One result of each kind, made up."""

from typing import Any

from ringfence.change.model import (
    BuildResult,
    Built,
    Engine,
    LogDigest,
    PromotionApproval,
    PromotionResult,
    ReplayResult,
    TestResult,
)
from ringfence.ir.rule import Action

__all__ = ["BASELINE", "BUILD", "CONTENT", "PROMOTION", "REPLAY", "TESTED"]

CONTENT, BASELINE = f"sha256:{'5f' * 32}", f"sha256:{'4e' * 32}"
_FINISHED = 1_795_600_000
_OF: dict[str, Any] = {
    "release": "runtime",
    "environment": "prod",
    "content": CONTENT,
    "engine": Engine(ringfence="0.1.0", opa="1.22.0"),
    "finished": _FINISHED,
}

BUILD = BuildResult(
    **_OF,
    signed=True,
    built=(
        Built(name="runtime", tenants=3, content=CONTENT, release=BASELINE, sha256=BASELINE),
        Built(name="runtime-acme", tenants=1, content=BASELINE, release=BASELINE, sha256=CONTENT),
    ),
    more=0,
)

TESTED = TestResult(
    **_OF,
    tests=31,
    failed=0,
    documents=2,
    failing=(),
    threshold=None,
)

REPLAY = ReplayResult(
    **_OF,
    baseline=BASELINE,
    logs=(LogDigest(sha256=BASELINE, bytes=1024),),
    events=10,
    unchanged=7,
    newly_blocked=1,
    newly_allowed=0,
    action_changed=0,
    obligation_changed=0,
    untrustworthy=1,
    not_replayable=1,
    unread=2,
    window=3600,
)

PROMOTION = PromotionResult(
    **_OF,
    baseline=BASELINE,
    requested_by="user:maria@example.com",
    change_ref="CHG-7",
    action=Action.ALLOW,
    allowed=True,
    rules=(),
    approvals=tuple(
        PromotionApproval(
            rule="activate.review",
            approval=f"a-{who}",
            by=f"user:{who}@example.com",
            until=_FINISHED + 3600,
        )
        for who in ("lee", "robin")
    ),
    decided_at=_FINISHED,
    decided_by=BASELINE,
)
