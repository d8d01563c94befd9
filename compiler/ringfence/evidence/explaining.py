"""Explain a recorded decision: factors that its record tells, and nothing that it does not."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ringfence.evidence.account import Account, Contribution, Part, Verdict
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind
from ringfence.evidence.tree import leaf_hash

__all__ = ["AUTHOR", "explanation_of"]

AUTHOR: Final = "ringfence"
"""Who explains what is derived from a record."""

_MOST: Final = 100
_LONGEST: Final = 4096
_AGENT: Final = "agent.id"


def explanation_of(
    decision: Record, *, at: str, texts: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the body of an explanation of a decision's record; `at` is an RFC 3339 time.

    A rule that was violated speaks against the request (-1), and one that was lifted for it (1). It
    weighs 1 where its action is the decision's or it was lifted, and 0 where it stopped nothing. A
    rule is evaluated, not estimated, so confidence is 1. `texts` are what rules ask for, by id, of
    the very policy that decided. Raise EvidenceError (RF939) where there is nothing to explain.
    """
    body = decision.body
    account = Account.of(body)
    if decision.kind is not RecordKind.DECISION or account.verdict is Verdict.UNDECIDED:
        hint = "OPA logged no decision, so that its caller had to block"
        raise EvidenceError("RF939", "there is no decision to explain", help=hint)
    leaf = leaf_hash(decision.data).hex()
    agent = body.get("facts", {}).get(_AGENT)
    return {
        "explanation_id": f"exp-{leaf[:32]}",
        "trace_id": body.get("trace_id"),
        "decision_id": body["decision_id"],
        "tenant": body.get("tenant"),
        "agent_id": agent if isinstance(agent, str) else None,
        "by": AUTHOR,
        "summary": _short([account.verdict.value, *account.why]),
        "action": body["action"],
        "generated_at": at,
        "factors": [
            _factor(one, action=body["action"], leaf=leaf, texts=texts or {})
            for one in account.contributions[:_MOST]
        ],
    }


def _factor(
    one: Contribution, *, action: str, leaf: str, texts: Mapping[str, str]
) -> dict[str, Any]:
    lifted = one.part in (Part.WAIVED, Part.APPROVED)
    decided = lifted or (one.part is Part.BLOCKED and one.action == action)
    contribution = 1 if lifted else -1 if one.part is Part.BLOCKED else 0
    return {
        "name": one.rule,
        "weight": int(decided),
        "contribution": contribution,
        "evidence": _short(_evidence(one, leaf=leaf, texts=texts)),
        "confidence": 1,
    }


def _evidence(one: Contribution, *, leaf: str, texts: Mapping[str, str]) -> Iterator[str]:
    yield f"record {leaf}"
    yield one.said
    if one.source:
        yield f"written at {one.source}"
    if one.rule in texts:
        yield texts[one.rule]


def _short(parts: Any) -> str:
    """Join sentences, and cut what is longer than a record takes."""
    text = "; ".join(parts)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
