"""What else a ledger holds about one decision: each section is there, or said to be absent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.naming import GRANTS
from ringfence.evidence.records import RecordKind
from ringfence.evidence.reference import is_reference
from ringfence.ledger.search import Placed

__all__ = ["SECTIONS", "Attached"]

SECTIONS: Final[Mapping[str, RecordKind]] = {
    "explanations": RecordKind.EXPLANATION,
    "lineage": RecordKind.LINEAGE,
    "reviews": RecordKind.REVIEW,
    "approvals": RecordKind.APPROVAL,
    "exceptions": RecordKind.EXCEPTION,
}
"""The sections of a decision's view, in their order, and the kind of record that each shows."""

_NONE: Final = {
    "explanations": "no explanation is recorded",
    "lineage": "no lineage is recorded",
    "reviews": "no review is recorded",
    "approvals": "no approval was used",
    "exceptions": "no exception was used",
}


@dataclass(frozen=True, slots=True)
class Attached:
    """The records of each section, and in `absent` what is not there, or not as the decision has it."""

    sections: Mapping[str, tuple[Placed, ...]]
    absent: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, body: Mapping[str, Any], others: Iterable[Placed]) -> "Attached":
        """Sort out which records are about the decision of a body; another tenant's never are."""
        ours = [one for one in others if one.record.body.get("tenant") == body.get("tenant")]
        sections = {
            name: tuple(one for one in ours if one.record.kind is kind and _is_about(one, body))
            for name, kind in SECTIONS.items()
        }
        absent = {name: _absent(name, body, held) for name, held in sections.items()}
        return cls(sections, absent)

    @property
    def positions(self) -> frozenset[int]:
        """Return where the attached records stand."""
        return frozenset(one.position for held in self.sections.values() for one in held)


def _is_about(one: Placed, body: Mapping[str, Any]) -> bool:
    own = one.record.body
    if one.record.kind in GRANTS:
        return any(own.get("id") == name for name, _ in _used(one.record.kind, body))
    return own.get("decision_id") == body.get("decision_id")


def _used(kind: RecordKind, body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the grants that a decision used, each with the entry that says so."""
    name, member = GRANTS[kind]
    entries = body.get(name)
    listed = entries if isinstance(entries, list) else []
    found = [(one.get(member), one) for one in listed if isinstance(one, dict)]
    return [(used, entry) for used, entry in found if isinstance(used, str)]


def _absent(name: str, body: Mapping[str, Any], held: tuple[Placed, ...]) -> tuple[str, ...]:
    kind = SECTIONS[name]
    if kind not in GRANTS:
        return () if held else (_NONE[name],)
    used = _used(kind, body)
    if not used:
        return (_NONE[name],)
    bodies = [one.record.body for one in held]
    said = [_lack(kind, one, [b for b in bodies if b.get("id") == one[0]]) for one in used]
    return tuple(dict.fromkeys(filter(None, said)))


def _lack(
    kind: RecordKind, used: tuple[str, Mapping[str, Any]], bodies: list[dict[str, Any]]
) -> str:
    name, entry = used
    if not bodies:
        return f"the {kind.value} `{name}` was used, and the ledger holds no record of it"
    if not all(_is_alike(body, entry) for body in bodies):
        return f"the {kind.value} `{name}` was used otherwise than its record says"
    return ""


def _is_alike(body: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Tell whether a grant's record fits its use; names that are kept apart cannot be compared."""
    given, by = body.get("by"), entry.get("by")
    rules = body.get("rules")
    return (
        body.get("until") == entry.get("until")
        and isinstance(rules, list)
        and entry.get("rule") in rules
        and (given == by or is_reference(given) or is_reference(by))
    )
