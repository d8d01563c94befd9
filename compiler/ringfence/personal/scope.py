"""Whose values and keys are meant, what there is of one, and what an erasure did."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Erased", "Found", "KeyScope", "State"]


class State(StrEnum):
    """What the store has of a commitment."""

    SHOWN = "shown"
    ERASED = "erased"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Found:
    """What the store has of a commitment, and its value where that is shown."""

    state: State
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyScope:
    """Whose keys: a tenant's, of one period or all, of one subject or all."""

    tenant: str
    period: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many keys were destroyed, of which periods, and how many values went with them."""

    keys: int
    facts: int
    periods: tuple[str, ...]
