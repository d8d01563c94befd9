"""Compare a decision with what a trial expects of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ringfence.language.kinds.policy_test import Expect

__all__ = ["NO_DECISION", "Mismatch", "compare"]

# What a caller must take an absent answer for.
NO_DECISION: Mapping[str, Any] = {"action": "block", "allowed": False, "evaluated": False}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One member of a decision that is not as expected; both sides are texts for people."""

    member: str
    expected: str
    actual: str


def compare(decision: Mapping[str, Any], expect: Expect | None) -> tuple[Mismatch, ...]:
    """Return how a decision differs from what is expected; without `expect`, it must allow."""
    if expect is None:
        if decision["allowed"]:
            return ()
        return (Mismatch("action", "allow or allow+log", decision["action"]),)
    return tuple(_differences(decision, expect))


def _differences(decision: Mapping[str, Any], expect: Expect) -> Iterator[Mismatch]:
    if decision["action"] != expect.action:
        yield Mismatch("action", expect.action, decision["action"])
    for member, key, wanted in (
        ("reasons", "rule", expect.reasons),
        ("observed", "rule", expect.observed),
        ("waived", "exception", expect.waived),
    ):
        if wanted is not None:
            names = {entry[key] for entry in decision.get(member, ())}
            yield from _sets(member, wanted, names)
    if expect.unknown is not None:
        yield from _sets("unknown", expect.unknown, decision.get("unknown", ()))
    missed = decision.get("waivers_missed", ())
    for one in expect.waivers_missed or ():
        if not any(_is_missed(entry, one.id, one.why) for entry in missed):
            wanted_text = one.id + (f" ({one.why})" if one.why else "")
            yield Mismatch("waivers_missed", wanted_text, _joined(map(_missed_text, missed)))
    due = decision.get("obligations", ())
    for obligation in expect.obligations or ():
        if not any(_holds(obligation, entry) for entry in due):
            yield Mismatch("obligations", _text(obligation), _joined(map(_text, due)))


def _sets(member: str, expected: Iterable[str], actual: Iterable[str]) -> Iterator[Mismatch]:
    wanted, found = set(expected), set(actual)
    if wanted != found:
        yield Mismatch(member, _joined(wanted), _joined(found))


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts)) or "none"


def _is_missed(entry: Mapping[str, Any], name: str, why: str | None) -> bool:
    return entry["exception"] == name and why in (None, entry["why"])


def _missed_text(entry: Mapping[str, Any]) -> str:
    return f"{entry['exception']} ({entry['why']})"


def _holds(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> bool:
    return all(name in actual and _same(value, actual[name]) for name, value in expected.items())


def _same(expected: object, actual: object) -> bool:
    if isinstance(expected, Decimal) and isinstance(actual, int | float):
        return expected == Decimal(str(actual))
    return type(expected) is type(actual) and expected == actual


def _text(obligation: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in obligation.items()) + "}"
