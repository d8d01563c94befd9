"""What the forms of records are made of: bounded texts, counts, digests and times."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "Amount",
    "Count",
    "Digest",
    "Form",
    "Hex",
    "Moment",
    "Name",
    "Seconds",
    "Share",
    "Short",
    "Text",
    "Thumbprint",
    "Trace",
]

_SAFE: Final = (1 << 53) - 1
_LINE: Final = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_PROSE: Final = r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]"
_MOMENT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"


class Form(BaseModel):
    """The members of a body: all of them known, of one type each, and no value in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _written(pattern: str) -> StringConstraints:
    return StringConstraints(pattern=re.compile(rf"\A(?:{pattern})\Z", re.ASCII))


def _on_the_calendar(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("not a time") from None
    return text


Name = Annotated[str, _written(rf"{_LINE}{{1,256}}")]
"""An id or a name: one line of at most 256 characters."""

Short = Annotated[str, _written(rf"{_LINE}{{0,256}}")]
"""A name, or nothing."""

Trace = Annotated[str, Field(max_length=256)] | None
"""A trace as the decision's record has it: the caller chose it, and it may be missing."""

Text = Annotated[str, _written(rf"{_PROSE}{{1,4096}}")]
"""What a person wrote: lines of at most 4,096 characters together."""

Digest = Annotated[str, _written(r"sha256:[0-9a-f]{64}")]
Hex = Annotated[str, _written(r"[0-9a-f]{64}")]
Thumbprint = Annotated[str, _written(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")]
"""Of a JWK, with SHA-256 (RFC 7638)."""

Count = Annotated[int, Field(ge=0, le=_SAFE)]
Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Since the epoch, up to the year 9999."""

Moment = Annotated[str, _written(_MOMENT), AfterValidator(_on_the_calendar)]
"""A time in UTC (RFC 3339) with at most nine digits after the second."""

Amount = Annotated[float, Field(ge=-_SAFE, le=_SAFE, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
