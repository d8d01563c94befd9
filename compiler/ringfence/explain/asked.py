"""What rules ask for, in a repository's words, of decisions that this very policy made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.check.compiled import Compiled
from ringfence.evidence.records import Record
from ringfence.explain.expression import condition_text
from ringfence.explain.policy import is_same_policy
from ringfence.explain.rule import rules_of
from ringfence.pipeline import compile_repository

__all__ = ["PolicyTexts"]

_Key = tuple[str, str]


@dataclass(slots=True)
class PolicyTexts:
    """A compiled repository, none where none is at hand; `unlike` counts decisions of another policy."""

    compiled: Compiled | None = None
    unlike: int = 0
    _same: dict[_Key, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path | None, *, now: int) -> "PolicyTexts":
        """Compile a repository, if there is one; `now` is in epoch seconds. Raise CompileError."""
        return cls() if root is None else cls(compile_repository(root, now=now))

    def texts(self, decision: Record) -> Mapping[str, str]:
        """Return what each rule at a decision's point must hold, by id, if this policy decided."""
        if self.compiled is None:
            return {}
        body = decision.body
        tenant, policy = str(body.get("tenant")), body.get("policy")
        key = (tenant, repr(policy))
        if key not in self._same:
            self._same[key] = is_same_policy(self.compiled, body, tenant=tenant)
        if not self._same[key]:
            self.unlike += 1
            return {}
        return {
            one.rule.id: f"must hold: {condition_text(one.rule.require)}"
            for one in rules_of(self.compiled, tenant=tenant)
            if one.program.point.name == body.get("point")
        }
