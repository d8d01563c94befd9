"""Records of explanations: why a decision came out as it did, in weighed factors."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from ringfence.evidence.kinds.form import Form, Moment, Name, Share, Text, Trace

__all__ = ["CONFIDENT", "ExplanationForm", "Factor", "needs_oversight"]

CONFIDENT: Final = 0.7
"""Below this confidence of any factor a person has to look at a decision (EU AI Act, Article 14)."""


class Factor(Form):
    """One reason: how much it weighs (0 to 1), and if it spoke for the request (1) or against it (-1).

    `evidence` says where it is seen, and `confidence` (0 to 1) how sure its author is.
    """

    name: Name
    weight: Share
    contribution: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    evidence: Text
    confidence: Share


class ExplanationForm(Form):
    """A decision, its action, and the factors that led to it; `by` is who explains."""

    explanation_id: Name
    trace_id: Trace
    decision_id: Name
    tenant: Name
    agent_id: Name | None
    by: Name
    summary: Text
    action: Name
    generated_at: Moment
    factors: Annotated[tuple[Factor, ...], Field(max_length=100)]


def needs_oversight(body: Mapping[str, Any]) -> bool:
    """Tell whether a factor of an explanation is less sure than `CONFIDENT`; also of another form."""
    factors = body.get("factors")
    listed = factors if isinstance(factors, list) else [None]
    return not all(map(_is_sure, listed))


def _is_sure(factor: object) -> bool:
    found = factor.get("confidence") if isinstance(factor, dict) else None
    return isinstance(found, (int, float)) and found >= CONFIDENT
