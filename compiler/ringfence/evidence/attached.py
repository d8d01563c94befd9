"""What else a ledger holds about one decision: each section is there, or said to be absent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ringfence.evidence.naming import GRANTS
from ringfence.evidence.records import RecordKind
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
    """The records of each section, and in `absent` what is not there and should or could be."""

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
        return own.get("id") in _used(one.record.kind, body)
    return own.get("decision_id") == body.get("decision_id")


def _used(kind: RecordKind, body: Mapping[str, Any]) -> list[str]:
    name, member = GRANTS[kind]
    entries = body.get(name)
    listed = entries if isinstance(entries, list) else []
    found = [one.get(member) for one in listed if isinstance(one, dict)]
    return list(dict.fromkeys(one for one in found if isinstance(one, str)))


def _absent(name: str, body: Mapping[str, Any], held: tuple[Placed, ...]) -> tuple[str, ...]:
    kind = SECTIONS[name]
    if kind not in GRANTS:
        return () if held else (_NONE[name],)
    used, recorded = _used(kind, body), {one.record.body.get("id") for one in held}
    lacking = tuple(
        f"the {kind.value} `{one}` was used, and the ledger holds no record of it"
        for one in used
        if one not in recorded
    )
    return lacking if used else (_NONE[name],)
