"""What a decision record shows of a run that ran under the decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.reference import is_reference
from ringfence.evidence.run_model import CheckOutcome

__all__ = ["DecisionUse", "Lifted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """A rule that an exception or an approval lifted; `until` is in epoch seconds.

    `by` is None where the record holds a reference, and its reader had no store that shows it.
    """

    kind: Literal["approval", "exception"]
    id: str
    rule: str
    by: str | None
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionUse:
    """A decision under which a run ran: which rules applied, and how each ended.

    `whole` says that the decision was made on all facts, and its record has all its entries. `facts`
    are those that the record shows.
    """

    decision_id: str
    tenant: str | None
    allowed: bool
    whole: bool
    applicable: frozenset[str]
    failed: frozenset[str] = frozenset()
    observed: frozenset[str] = frozenset()
    lifted: tuple[Lifted, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_record(cls, body: Mapping[str, Any], *, applicable: frozenset[str]) -> "DecisionUse":
        """Read the body of a decision record; `applicable` is the bundle's list for the tenant.

        Raise EvidenceError where an entry does not show its rule, or what lifted it.
        """
        facts = body.get("facts")
        try:
            if not isinstance(facts, dict):
                raise TypeError
            return cls(
                decision_id=_text(body, "decision_id"),
                tenant=body["tenant"],
                allowed=body.get("allowed") is True,
                whole=body.get("evaluated") is True and "omitted" not in body,
                applicable=applicable,
                failed=frozenset(_text(one, "rule") for one in body.get("reasons", ())),
                observed=frozenset(_text(one, "rule") for one in body.get("observed", ())),
                lifted=tuple(_lifted(body)),
                facts=facts,
            )
        except (KeyError, TypeError):
            raise EvidenceError("RF913", "a decision's record does not show its rules") from None

    def outcomes(self) -> dict[str, CheckOutcome]:
        """Return how each rule ended; passed is what applies and is in no list of the decision.

        Of a decision that is not whole, nothing is known to have passed.
        """
        found = dict.fromkeys(self.applicable if self.whole else (), CheckOutcome.PASSED)
        found |= dict.fromkeys(self.observed, CheckOutcome.OBSERVED)
        for one in self.lifted:
            waived = one.kind == "exception"
            found[one.rule] = CheckOutcome.WAIVED if waived else CheckOutcome.APPROVED
        return found | dict.fromkeys(self.failed, CheckOutcome.FAILED)


def _lifted(body: Mapping[str, Any]) -> Iterator[Lifted]:
    kinds: tuple[tuple[str, Literal["approval", "exception"]], ...] = (
        ("waived", "exception"),
        ("approvals", "approval"),
    )
    for name, kind in kinds:
        for one in body.get(name, ()):
            until = one["until"]
            if type(until) is not int:
                raise TypeError
            by = None if is_reference(one["by"]) else _text(one, "by")
            rule = _text(one, "rule")
            yield Lifted(kind=kind, id=_text(one, kind), rule=rule, by=by, until=until)


def _text(one: Mapping[str, Any], name: str) -> str:
    if not isinstance(value := one[name], str):
        raise TypeError
    return value
