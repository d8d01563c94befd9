"""Values as they stand in YAML: durations with units, quoted decimals and timestamps, names."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    WithJsonSchema,
)

__all__ = [
    "DURATION_SCHEMA",
    "DecimalText",
    "Duration",
    "Identity",
    "Line",
    "Model",
    "Name",
    "RuleId",
    "Seq",
    "Text",
    "Timestamp",
    "parse_decimal",
    "parse_duration",
    "parse_timestamp",
]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhd])+\Z")
_DURATION_PART = re.compile(r"([0-9]+)([smhd])")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,6})?\Z")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")

NAME_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"
RULE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+$"


class Model(BaseModel):
    """Base of everything that is read from YAML: frozen, no unknown keys, no coercion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def parse_duration(text: object) -> int:
    """Return the whole seconds of `15m`, `3h40m` or `7d`; raise ValueError otherwise."""
    if not isinstance(text, str) or not _DURATION.match(text):
        raise ValueError("must be a duration with a unit, such as 15m, 4h or 7d")
    return sum(int(count) * _UNITS[unit] for count, unit in _DURATION_PART.findall(text))


def parse_timestamp(text: object) -> int:
    """Return the epoch seconds of an RFC 3339 time in UTC; raise ValueError otherwise."""
    if not isinstance(text, str) or not _TIMESTAMP.match(text):
        raise ValueError('must be a quoted UTC time, such as "2026-11-20T09:00:00Z"')
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"is not a time that exists: {text}") from None
    return int(moment.timestamp())


def parse_decimal(value: object) -> Decimal:
    """Return a decimal of at most 15 digits before the point and 6 after; raise ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError('must be a decimal, such as "0.85"')
    text = str(value)
    if not _DECIMAL.match(text):
        raise ValueError("must have at most 15 digits before the point and 6 after it")
    return Decimal(text)


def _one_line(text: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ValueError("must be one line without control characters")
    return text


Name = Annotated[str, Field(pattern=NAME_PATTERN)]
RuleId = Annotated[str, Field(pattern=RULE_ID_PATTERN, max_length=128)]
Identity = Annotated[str, Field(pattern=r"^(?:user|group|service):[^\s]{1,200}$")]
Text = Annotated[
    str, Field(min_length=1, max_length=2000), AfterValidator(str.strip), Field(min_length=1)
]
Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_line)]
DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^(?:[0-9]{1,9}[smhd])+$",
    "description": "a duration with units, such as 15m, 3h40m or 7d",
}
Duration = Annotated[int, BeforeValidator(parse_duration), WithJsonSchema(DURATION_SCHEMA)]
DecimalText = Annotated[
    Decimal,
    BeforeValidator(parse_decimal),
    WithJsonSchema({"type": ["string", "number"], "description": 'a decimal, such as "0.85"'}),
]
Timestamp = Annotated[
    int,
    BeforeValidator(parse_timestamp),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            "description": 'a quoted UTC time, such as "2026-11-20T09:00:00Z"',
        }
    ),
]
T = TypeVar("T")
Seq = Annotated[tuple[T, ...], Strict(False)]
