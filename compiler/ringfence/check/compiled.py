"""A repository after lowering: what the passes look at, and what is emitted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.errors import InternalError
from ringfence.ir.rule import TenantProgram
from ringfence.language.policy import Policy
from ringfence.language.project import Project
from ringfence.language.repository import Repository
from ringfence.lower.head import Citation, RuleHead, TenantHead, cited_rules, rule_head
from ringfence.lower.program import Platform, tenant_kinds

__all__ = ["Compiled", "Overview"]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What is looked at over all tenants: some documents, the platform's program, tenants' heads.

    `apart` are the platform's documents, and those of tenants that no program is made of: the others
    may not have been read at all. `files` are the paths of all documents, sorted. `now` is the time of the check in epoch seconds: only exceptions
    look at it.
    """

    project: Project
    apart: tuple[Policy, ...]
    platform: Platform
    heads: tuple[TenantHead, ...]
    files: tuple[str, ...]
    now: int

    @cached_property
    def rules(self) -> Mapping[str, RuleHead]:
        """Map rule ids to rules, over all scopes; a rule at several points counts once."""
        found: dict[str, RuleHead] = {}
        for program in self.platform.points.values():
            found.update((rule.id, rule_head(rule)) for rule in program.rules)
        for tenant in self.heads:
            found.update((rule.id, rule) for rule in tenant.rules)
        return found

    @cached_property
    def former(self) -> Mapping[str, RuleHead]:
        """Map former rule ids to the rules that had them."""
        return {old: rule for rule in self.rules.values() for old in rule.was}

    @property
    def citations(self) -> Iterator[Citation]:
        """Yield the rules that documents of all scopes rely on."""
        yield from cited_rules(policy for policy in self.apart if not policy.scope.tenant)
        for tenant in self.heads:
            yield from tenant.citations

    def of_kind(self, kind: str, *, tenant: str | None = None) -> tuple[Policy, ...]:
        """List the documents of a kind that no tenant's program is made of, in file order.

        With `tenant`, only that tenant's.
        """
        if kind in tenant_kinds():
            raise InternalError(f"documents of kind {kind} are lowered tenant by tenant")
        return tuple(
            policy
            for policy in self.apart
            if policy.kind.name == kind and tenant in (None, policy.scope.tenant)
        )


@dataclass(frozen=True, kw_only=True)
class Compiled(Overview):
    """A repository without mistakes, with all documents and the programs of all tenants."""

    repository: Repository
    tenants: tuple[TenantProgram, ...]
