"""A repository after lowering: what the passes look at, and what is emitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.ir.program import Platform
from ringfence.ir.rule import Rule, TenantProgram
from ringfence.language.policy import Policy
from ringfence.language.repository import Repository

__all__ = ["Compiled"]


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """The repository, the platform's program and the tenants' programs.

    `now` is the time of the check in epoch seconds: only exceptions look at it.
    """

    repository: Repository
    platform: Platform
    tenants: tuple[TenantProgram, ...]
    now: int

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Map rule ids to rules, over all scopes; a rule at several points counts once."""
        found: dict[str, Rule] = {}
        for program in self.platform.points.values():
            found.update((rule.id, rule) for rule in program.rules)
        for tenant in self.tenants:
            found.update((rule.id, rule) for rule in tenant.rules)
        return found

    def of_kind(self, kind: str) -> tuple[Policy, ...]:
        """List the documents of a kind."""
        return self.repository.of_kind(kind)
