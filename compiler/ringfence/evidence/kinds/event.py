"""Records of what was done with a ledger: facts erased, and records exported."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ringfence.evidence.kinds.form import Count, Form, Hex, Moment, Name, Short, Text, Thumbprint

__all__ = ["ExportEventForm", "ExportSelection", "RetentionEventForm"]

_Period = Annotated[str, StringConstraints(pattern=r"^(\d{4}-(0[1-9]|1[0-2])|undated|erasures)$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class _Person(Form):
    """A pseudonym, where the name is kept apart."""

    person: Hex


class _Text(Form):
    """A commitment to a text that is kept apart, and its size in bytes."""

    size: Count
    text: Hex


class _Erased(Form):
    """What came after its key had been destroyed."""

    erased: Literal[True]


class RetentionEventForm(Form):
    """What was erased: how many keys and facts, of which months; the person is not named.

    `root` and `size` are of the tree that the log had signed last, both or neither.
    """

    event: Literal["erase"]
    id: _Id
    tenant: Name
    periods: Annotated[tuple[_Period, ...], Field(min_length=1, max_length=1200)]
    scope: Literal["period", "subject"]
    keys: Count
    facts: Count
    by: Name | _Person | _Erased
    reason: Text | _Text | _Erased
    timestamp: Moment
    root: Hex = ""
    size: Count = 0

    @model_validator(mode="after")
    def _stands_for_a_tree(self) -> Self:
        if len({"root", "size"} & self.model_fields_set) == 1:
            raise ValueError("`root` and `size` belong together")
        return self


class ExportSelection(Form):
    """What was asked for: a window of positions or times, and ids."""

    start: Count | Name | None
    end: Count | Name | None
    ids: Annotated[tuple[Name, ...], Field(max_length=1000)]


class ExportEventForm(Form):
    """Who exported a tenant's records, if they were named, when, and which package came of it."""

    tenant: Name
    by: Short | _Person | _Erased
    key: Thumbprint
    timestamp: Moment
    profile: Name
    policy_sha256: Hex | None
    selection: ExportSelection
    views: Annotated[tuple[Name, ...], Field(max_length=20)]
    size: Count
    statement_sha256: Hex
