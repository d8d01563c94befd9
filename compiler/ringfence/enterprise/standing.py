"""How controls stand by the records and the bundles of a package."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ringfence.enterprise.policy_model import ControlRules
from ringfence.evidence.account import Account, Part
from ringfence.evidence.records import RecordKind
from ringfence.ledger.search import Placed

__all__ = ["Standing", "rules_in_bundle", "standings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A control, and what the records say of its rules.

    `violations` counts what became of them: blocked, observed, waived or approved. `gaps` are rules that
    no bundle in the package holds. `leaves` lead to the records that name one of the rules.
    """

    control: str
    rules: tuple[str, ...]
    gaps: tuple[str, ...]
    violations: Mapping[str, int]
    decisions: int
    leaves: tuple[tuple[int, str], ...]

    @property
    def why_not(self) -> str:
        """Return why the control is not shown to be kept; empty where it is."""
        if not self.rules:
            return "no rule keeps the control"
        if self.gaps:
            return f"no bundle in the package holds the rule {self.gaps[0]}"
        if not self.decisions:
            return "no decision is in the package"
        if found := self.violations[Part.OBSERVED.value]:
            return f"{found} violations were observed, and stopped nothing"
        return ""

    @property
    def is_satisfied(self) -> bool:
        """Tell whether each violation was stopped, or lifted by a recorded exception or approval."""
        return not self.why_not

    def said(self) -> dict[str, Any]:
        """Return it as a package holds it."""
        return {
            "control": self.control,
            "gaps": list(self.gaps),
            "rules": list(self.rules),
            "satisfied": self.is_satisfied,
            "violations": dict(self.violations),
            "why_not": self.why_not,
        }


def standings(
    mapping: Iterable[ControlRules], *, records: Iterable[Placed], held: frozenset[str]
) -> tuple[Standing, ...]:
    """Return how each control stands; `held` are the rules of the bundles in the package."""
    decisions = [one for one in records if one.record.kind is RecordKind.DECISION]
    named = [
        (one, [(c.rule, c.part.value) for c in Account.of(one.record.body).contributions])
        for one in decisions
    ]
    return tuple(_standing(one, named=named, held=held) for one in mapping)


def rules_in_bundle(files: Mapping[str, bytes], *, tenants: Iterable[str]) -> frozenset[str]:
    """Return the ids of a bundle's rules, shared ones and these tenants' own.

    The bundle has been verified, and is ringfence's; raise KeyError or ValueError otherwise.
    """
    shared = orjson.loads(files["ringfence/rules/data.json"])
    found = {rule for rules in shared.values() for rule in rules}
    for of_point in orjson.loads(files["ringfence/params/data.json"]).values():
        for tenant in tenants:
            found.update(of_point.get(tenant, {}).get("ids", ()))
    return frozenset(found)


def _standing(
    one: ControlRules,
    *,
    named: list[tuple[Placed, list[tuple[str, str]]]],
    held: frozenset[str],
) -> Standing:
    rules = tuple(sorted(set(one.rules)))
    counts = Counter({part.value: 0 for part in Part})
    leaves = []
    for placed, parts in named:
        ours = [part for rule, part in parts if rule in rules]
        counts.update(ours)
        if ours:
            leaves.append((placed.position, placed.leaf.hex()))
    return Standing(
        control=one.control,
        rules=rules,
        gaps=tuple(rule for rule in rules if rule not in held),
        violations=dict(sorted(counts.items())),
        decisions=len(named),
        leaves=tuple(leaves),
    )
