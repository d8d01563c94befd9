"""What a decision's record says for itself: the verdict, why, and which rules had a part in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ringfence.evidence.reference import is_reference, spoken
from ringfence.report.escape import escape_line

__all__ = ["Account", "Contribution", "Part", "Verdict"]

_BLOCKED: Final = "rule `{rule}` was violated at level {level}: {action}"
_OBSERVED: Final = "rule `{rule}` was violated at level {level}, which stops nothing"
_WAIVED: Final = (
    "rule `{rule}` was waived by exception `{reference}`, given by `{by}`, until {until}"
)
_APPROVED: Final = (
    "rule `{rule}` was lifted by approval `{reference}`, given by `{by}`, until {until}"
)


class Verdict(StrEnum):
    """How a decision ended."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNDECIDED = "undecided"


class Part(StrEnum):
    """What a rule did in a decision."""

    BLOCKED = "blocked"
    OBSERVED = "observed"
    WAIVED = "waived"
    APPROVED = "approved"


_LISTS: Final = (
    (Part.BLOCKED, "reasons", "", _BLOCKED),
    (Part.OBSERVED, "observed", "", _OBSERVED),
    (Part.WAIVED, "waived", "exception", _WAIVED),
    (Part.APPROVED, "approvals", "approval", _APPROVED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """The part that one rule had. `said` is a sentence; empty members are those that it lacks.

    `reference` is the exception or approval, and `until` in epoch seconds, as text.
    """

    rule: str
    part: Part
    action: str
    level: str
    source: str
    reference: str
    by: str
    until: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A verdict, the sentences that say why, and the rules that had a part in it."""

    verdict: Verdict
    why: tuple[str, ...]
    contributions: tuple[Contribution, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Account":
        """Read the body of a decision's record, whatever its members hold."""
        if body.get("decided") is not True or not isinstance(body.get("allowed"), bool):
            said = "OPA logged no decision, so that its caller had to block"
            return cls(verdict=Verdict.UNDECIDED, why=(said,), contributions=())
        allowed = body["allowed"]
        found = tuple(_contributions(body))
        return cls(
            verdict=Verdict.ALLOWED if allowed else Verdict.BLOCKED,
            why=tuple(_why(body, found, allowed=allowed)),
            contributions=found,
        )


def _contributions(body: Mapping[str, Any]) -> Iterator[Contribution]:
    for part, name, reference, sentence in _LISTS:
        entries = body.get(name)
        for one in entries if isinstance(entries, list) else ():
            if isinstance(one, dict):
                yield _contribution(one, part=part, reference=reference, sentence=sentence)


def _contribution(
    one: Mapping[str, Any], *, part: Part, reference: str, sentence: str
) -> Contribution:
    given = {name: _text(one.get(name)) for name in ("rule", "action", "level", "source", "by")}
    given |= {"reference": _text(one.get(reference)), "until": _text(one.get("until"))}
    shown = {name: escape_line(value) or "?" for name, value in given.items()}
    said = sentence.format(**{**shown, "until": _date(one.get("until"))})
    return Contribution(part=part, said=said, **given)


def _why(
    body: Mapping[str, Any], found: tuple[Contribution, ...], *, allowed: bool
) -> Iterator[str]:
    if body.get("evaluated") is not True:
        yield "the rules were not evaluated, and this is what stands where they are not"
    if not allowed:
        yield from (one.said for one in found if one.part is Part.BLOCKED)
        if not any(one.part is Part.BLOCKED for one in found):
            yield "the record names no rule that blocked"
    elif not found:
        yield "the record names no rule that was violated"
    if allowed:
        yield from (one.said for one in found)
    if body.get("omitted"):
        yield "the event was too large, and entries were left out of its record"


def _text(value: object) -> str:
    if is_reference(value):
        return spoken(value)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _date(value: object) -> str:
    if type(value) is int and 0 <= value < 1 << 36:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return "a time that is not told"
