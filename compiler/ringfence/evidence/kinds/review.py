"""Records of reviews: what a person says of a decision afterwards."""

from typing import Annotated, Literal

from pydantic import Field

from ringfence.evidence.kinds.form import Amount, Form, Moment, Name, Text, Trace

__all__ = ["CLASSES", "ObservedValue", "ReviewClass", "ReviewForm"]

ReviewClass = Literal["false_positive", "true_positive", "needs_tuning"]
CLASSES: tuple[ReviewClass, ...] = ("false_positive", "true_positive", "needs_tuning")


class ObservedValue(Form):
    """What a fact was, where the reviewer says so."""

    name: Name
    value: Amount


class ReviewForm(Form):
    """A decision, its class, who reviewed it and when, and what they noted."""

    review_id: Name
    decision_id: Name
    tenant: Name
    trace_id: Trace
    class_: Annotated[ReviewClass, Field(alias="class")]
    reviewer: Name
    at: Moment
    note: Text | None
    observed: Annotated[tuple[ObservedValue, ...], Field(max_length=100)]
