"""The stages in order: read, understand, lower, check, emit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ringfence.check import PASSES, Compiled
from ringfence.emit.tenant import TenantUnit, emit_tenant
from ringfence.errors import CompileError, Diagnostic, Severity, sort_diagnostics
from ringfence.ir.program import Platform, lower_own, lower_platform, lower_tenant
from ringfence.ir.rule import TenantProgram
from ringfence.language.policy import Policy
from ringfence.language.repository import Repository, list_files, open_project, read_files

__all__ = ["Checked", "check_repository", "compile_repository", "emit_tenants"]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A repository, what it compiles to, and everything that is wrong with it."""

    repository: Repository
    compiled: Compiled
    diagnostics: tuple[Diagnostic, ...]

    @property
    def is_valid(self) -> bool:
        """Tell whether no diagnostic is an error."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)


def check_repository(root: Path, *, now: int) -> Checked:
    """Check a policy repository: all diagnostics of all files, sorted.

    `now` is in epoch seconds; expiries are told by it. Raise CompileError without a project file.
    """
    project = open_project(root)
    repository = read_files(project, list_files(project))
    compiled, diagnostics = _lower(repository, now=now)
    diagnostics += [d for look in PASSES for d in look(compiled)]
    return Checked(
        repository=repository,
        compiled=compiled,
        diagnostics=sort_diagnostics([*repository.diagnostics, *diagnostics]),
    )


def compile_repository(root: Path, *, now: int) -> Compiled:
    """Check a repository and return its programs; raise CompileError where anything is wrong."""
    checked = check_repository(root, now=now)
    if not checked.is_valid:
        raise CompileError(checked.diagnostics, sources=checked.repository.texts)
    return checked.compiled


def _lower(repository: Repository, *, now: int) -> tuple[Compiled, list[Diagnostic]]:
    broad = [policy for policy in repository.policies if policy.scope.level == "platform"]
    facts = repository.of_kind("Facts")
    platform, problems = lower_platform(broad, facts=facts, teams=repository.project.teams)
    diagnostics = list(problems)
    own = lower_own(broad)
    tenants = [own] if own else []
    for name, policies in _by_tenant(repository.policies).items():
        program, problems = lower_tenant(name, policies, platform=platform)
        tenants.append(program)
        diagnostics += problems
    compiled = Compiled(repository=repository, platform=platform, tenants=tuple(tenants), now=now)
    return compiled, diagnostics


def _by_tenant(policies: Sequence[Policy]) -> dict[str, list[Policy]]:
    tenants: dict[str, list[Policy]] = {}
    for policy in policies:
        if policy.scope.tenant:
            tenants.setdefault(policy.scope.tenant, []).append(policy)
    return dict(sorted(tenants.items()))


def emit_tenants(tenants: Sequence[TenantProgram], *, platform: Platform) -> tuple[TenantUnit, ...]:
    """Emit each tenant's share of a bundle; lists of rules that several share are emitted once."""
    known: dict[str, str] = {}
    return tuple(emit_tenant(one, points=platform.points, known=known) for one in tenants)
