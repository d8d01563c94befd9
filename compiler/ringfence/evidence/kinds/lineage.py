"""Records of lineage: what came from what, across transformations and decisions."""

from typing import Annotated

from pydantic import Field

from ringfence.evidence.kinds.form import Form, Moment, Name, Trace

__all__ = ["LineageForm"]


class LineageForm(Form):
    """An operation on a subject, with what went in (at least one), what came out, and what it follows."""

    lineage_id: Name
    trace_id: Trace
    decision_id: Name
    tenant: Name
    subject_type: Name
    subject_id: Name
    operation: Name
    recorded_at: Moment
    input_refs: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]
    output_refs: Annotated[tuple[Name, ...], Field(max_length=100)]
    parent_lineage_ids: Annotated[tuple[Name, ...], Field(max_length=100)]
