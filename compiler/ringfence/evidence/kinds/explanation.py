"""Records of explanations: why a decision came out as it did, in weighed factors."""

from typing import Annotated

from pydantic import Field

from ringfence.evidence.kinds.form import Form, Moment, Name, Share, Text, Trace

__all__ = ["ExplanationForm", "Factor"]


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
