"""Records of what was done with a ledger: facts erased, and records exported."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ringfence.evidence.kinds.form import Count, Form, Hex, Moment, Name, Text, Thumbprint

__all__ = ["ExportEventForm", "ExportSelection", "RetentionEventForm"]

_Period = Annotated[str, StringConstraints(pattern=r"^(\d{4}-(0[1-9]|1[0-2])|undated)$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class RetentionEventForm(Form):
    """What was erased: how many keys and facts, of which months; the person is not named."""

    event: Literal["erase"]
    id: _Id
    tenant: Name
    periods: Annotated[tuple[_Period, ...], Field(min_length=1, max_length=1200)]
    scope: Literal["period", "subject"]
    keys: Count
    facts: Count
    by: Name
    reason: Text
    timestamp: Moment


class ExportSelection(Form):
    """What was asked for: a window of positions or times, and ids."""

    start: Count | Name | None
    end: Count | Name | None
    ids: Annotated[tuple[Name, ...], Field(max_length=1000)]


class ExportEventForm(Form):
    """Who exported a tenant's records, when, and which package came of it."""

    tenant: Name
    by: Name
    key: Thumbprint
    timestamp: Moment
    profile: Name
    policy_sha256: Hex | None
    selection: ExportSelection
    views: Annotated[tuple[Name, ...], Field(max_length=20)]
    size: Count
    statement_sha256: Hex
