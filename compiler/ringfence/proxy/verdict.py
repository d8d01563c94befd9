"""A decision, read strictly: what is contradictory or unknown is no permission."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Reason", "Verdict", "blocked", "read_verdict"]

_ALLOWING: Final = frozenset({"allow", "allow+log"})
_ACTIONS: Final = _ALLOWING | {"redact", "human_review", "block"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a rule's id or a code of the proxy, in words, what to do, and whom to ask."""

    code: str
    text: str
    fix: str
    escalate_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done. `decision_id` is that of OPA's decision log, None where there is none.

    `was_decided` tells whether OPA said so; else the proxy did, for want of an answer or on its own.
    `approvals` are the ids of those that lifted a rule.
    """

    action: str
    was_decided: bool = False
    decision_id: str | None = None
    reasons: tuple[Reason, ...] = ()
    obligations: tuple[Mapping[str, Any], ...] = ()
    approvals: tuple[str, ...] = ()

    @property
    def allows(self) -> bool:
        """Tell whether the answer may be passed on as it is."""
        return self.action in _ALLOWING

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the reasons."""
        return tuple(reason.code for reason in self.reasons)

    def due(self, name: str) -> tuple[Any, ...]:
        """Return the values of the obligations of a name."""
        return tuple(one[name] for one in self.obligations if name in one)

    def undue(self, known: Iterable[str]) -> frozenset[str]:
        """Return the first members of obligations of which none is known here."""
        names = set(known)
        return frozenset(min(one) for one in self.obligations if not names & set(one))


def blocked(code: str, text: str, fix: str, *, decision_id: str | None = None) -> Verdict:
    """Return a block for a reason of the proxy's own."""
    return Verdict(action="block", decision_id=decision_id, reasons=(Reason(code, text, fix),))


def read_verdict(decision: Mapping[str, Any], *, decision_id: str | None) -> Verdict:
    """Read a decision; raise ValueError for one that contradicts itself, or is none."""
    action, allowed = decision.get("action"), decision.get("allowed")
    if (
        not isinstance(action, str)
        or action not in _ACTIONS
        or allowed is not (action in _ALLOWING)
    ):
        raise ValueError("its action is none, or contradicts `allowed`")
    if action != "block" and decision.get("evaluated") is not True:
        raise ValueError("it says that nothing was evaluated")
    obligations = _objects(decision, "obligations")
    if not all(obligations):
        raise ValueError("an obligation is empty")
    approvals = tuple(str(one.get("approval", "")) for one in _objects(decision, "approvals"))
    return Verdict(
        action=action,
        was_decided=True,
        decision_id=decision_id,
        reasons=tuple(_reason(one) for one in _objects(decision, "reasons")),
        obligations=obligations,
        approvals=approvals,
    )


def _objects(decision: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    values = decision.get(name, [])
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise ValueError(f"its `{name}` are no list of objects")
    return tuple(values)


def _reason(entry: Mapping[str, Any]) -> Reason:
    texts = [entry.get(name, "") for name in ("rule", "message", "fix", "escalate_to")]
    if not all(isinstance(text, str) for text in texts) or not texts[0]:
        raise ValueError("a reason names no rule")
    return Reason(*texts)
