"""Argue: what OPA decides on drawn requests, beside what the reference says."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import cycle
from typing import Any

import orjson
from tests.emit.generate import Asked
from tests.emit.reading import parse_request
from tests.emit.reference import Expected, Reference
from tests.emit.site import Site
from tests.emit.values import NOW

from ringfence.ir.rule import Action, Message, Obligation, Rule

__all__ = ["CLOCK", "UNREADABLE_NUMBER", "Mismatch", "Tally", "argue", "ask"]

CLOCK = NOW * 10**9 + 123_456_789
# OPA reads no request that holds it (docs/architecture.md), so that there is no decision: block.
UNREADABLE_NUMBER = "1e10000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A request, what the reference says, what OPA says, and in what they differ."""

    point: str
    asked: Asked
    expected: Mapping[str, Any]
    decided: Mapping[str, Any] | None
    differs: tuple[str, ...]

    @property
    def name(self) -> str:
        """Say in a line what differs, the rules in question first."""
        wanted, seen = self.expected, _seen(self.decided)
        rules = sorted(set(wanted["reasons"]) ^ set(seen.get("reasons", ())))
        return f"{', '.join(self.differs)} at {self.point}, tenant {self.tenant}: {rules}"

    @property
    def tenant(self) -> Any:
        """Return the name that the request gives."""
        return parse_request(self.asked.text).get("tenant")


@dataclass(slots=True)
class Tally:
    """What was asked: decisions by their kind, rules by how often they were violated, mismatches."""

    decisions: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    violated: Counter[str] = field(default_factory=Counter)
    refuted: Counter[bool] = field(default_factory=Counter)
    mismatches: list[Mismatch] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add what another tally counted."""
        self.decisions += other.decisions
        self.kinds += other.kinds
        self.violated += other.violated
        self.refuted += other.refuted
        self.mismatches += other.mismatches


def argue(site: Site, count: int) -> Tally:
    """Ask `count` requests at each decision point."""
    tally = Tally()
    for name, generator in site.generators.items():
        tally.add(ask(site, name, [generator.request() for _ in range(count)]))
    return tally


def ask(site: Site, point: str, asked: Sequence[Asked]) -> Tally:
    """Ask these requests at a decision point."""
    tally = Tally()
    answers = site.server.decide([(orjson.Fragment(one.text), CLOCK) for one in asked])
    for one, answer in zip(asked, answers, strict=True):
        _count(tally, site.references[point], one, answer)
    return tally


def _count(tally: Tally, reference: Reference, asked: Asked, answer: Any) -> None:
    request = parse_request(asked.text)
    expected = reference.decide(request, now_ns=CLOCK, attested=_asserted(asked, request))
    tally.decisions += 1
    tally.kinds[_kind(expected)] += 1
    tally.violated.update(one.rule for one in expected.violations)
    tally.refuted.update(one.refuted for one in expected.violations)
    if UNREADABLE_NUMBER in asked.text and answer is None:
        return
    wanted, seen = _wanted(expected, reference, request), _seen(answer)
    differs = tuple(name for name in wanted if wanted[name] != seen.get(name))
    if not differs:
        differs = tuple(_wrong_messages(expected, _rules(reference, request), answer))
    if differs:
        tally.mismatches.append(
            Mismatch(
                point=reference.program.point.name,
                asked=asked,
                expected=wanted,
                decided=answer,
                differs=differs,
            )
        )


def _kind(expected: Expected) -> str:
    if expected.refusal:
        return "ungated"
    return "hits" if expected.violations else "clean"


def _asserted(asked: Asked, request: Any) -> Mapping[str, Any]:
    """Return what the request's attestation asserts, if it is about this request."""
    if asked.attestation is None or not isinstance(request.get("facts"), Mapping):
        return {}
    for name, value in asked.attestation.subject.items():
        place = request["facts"]
        for part in name.split("."):
            place = place.get(part) if isinstance(place, Mapping) else None
        if place != value:
            return {}
    return asked.attestation.asserted


def _wanted(expected: Expected, reference: Reference, request: Any) -> dict[str, Any]:
    """Return the decision's members as they must be."""
    reasons = [(one.rule, one.clause, str(one.action)) for one in expected.reasons]
    if expected.refusal:
        reasons = [(expected.refusal, 1, "block")]
    rules = _rules(reference, request)
    dues = [due for one in expected.violations for due in rules[one.rule].obligations]
    alert = [{"alert": "blocked"}] if expected.action is Action.BLOCK else []
    return {
        "evaluated": not expected.refusal,
        "action": str(expected.action),
        "allowed": expected.action.rank <= Action.ALLOW_LOG.rank,
        "reasons": sorted(reasons),
        "unknown": sorted(expected.unknown),
        "obligations": _sorted(
            [*filter(None, (_due(due, reference, request) for due in dues)), *alert]
        ),
    }


def _seen(decision: Any) -> dict[str, Any]:
    """Return the members that are compared, in the same form."""
    if decision is None:
        return {}
    named = [*decision["reasons"], *decision["observed"], *decision["waived"]]
    return {
        "evaluated": decision["evaluated"],
        "action": decision["action"],
        "allowed": decision["allowed"],
        "reasons": sorted((one["rule"], one["clause"], one["action"]) for one in named),
        "unknown": decision["unknown"],
        "obligations": _sorted(decision["obligations"]),
    }


def _sorted(obligations: list[Any]) -> list[bytes]:
    return sorted(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in obligations)


def _due(due: Obligation, reference: Reference, request: Any) -> dict[str, object] | None:
    """Return an obligation with the row of a table that it names, None where the table lacks it."""
    members: dict[str, object] = {}
    for name, value in due.members:
        if isinstance(value, dict):
            table, fact = value["lookup"]
            params: Any = reference.tenants[request["tenant"]].params[reference.program.point.name]
            row = params[table].get(_sent(request, fact.split(".")))
            if row is None:
                return None
            members[name] = row
        else:
            members[name] = value
    return members


def _rules(reference: Reference, request: Any) -> Mapping[str, Rule]:
    tenant = request.get("tenant") if isinstance(request, Mapping) else None
    own = reference.tenants[tenant].rules if tenant in list(reference.tenants) else ()
    return {rule.id: rule for rule in (*reference.program.rules, *own)}


def _wrong_messages(expected: Expected, rules: Mapping[str, Rule], answer: Any) -> Iterator[str]:
    """Name the messages that show other values than those of the facts and of what is computed."""
    if expected.refusal:
        return
    for reason in answer["reasons"]:
        pattern = _pattern(rules[reason["rule"]].message, expected)
        if not re.fullmatch(pattern, reason["message"], re.DOTALL):
            yield f"message of {reason['rule']}: {reason['message']!r} is not {pattern!r}"


def _pattern(message: Message, expected: Expected) -> str:
    pieces = zip(message.parts, cycle((False, True)), strict=False)
    return "".join(_shown(part, expected) if odd else re.escape(part) for part, odd in pieces)


def _shown(reference: str, expected: Expected) -> str:
    """Return the pattern of what a message says of a fact or a computed value, if it is known."""
    root, _, name = reference.partition(".")
    match {"facts": expected.facts, "derived": expected.derived}.get(root, {}).get(name):
        case Fraction() as number if number.denominator == 1 and not name.endswith("score"):
            return re.escape(str(number.numerator))
        case str(text):
            return re.escape(text)
        case _:
            return ".*"


def _sent(request: Any, path: list[str]) -> Any:
    place = request.get("facts")
    for part in path:
        place = place.get(part) if isinstance(place, Mapping) else None
    return place
